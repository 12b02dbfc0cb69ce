/**
 * The choice of those who keep a trace: by the trace's own randomness, so that whoever chooses from the same list for
 * the same trace chooses alike; and at a cost that follows the number chosen, not the number chosen from.
 *
 * Choices are nested: who is chosen at one rate is chosen at every higher one too.
 *
 * @since 0.1.0
 */

/**
 * 56 bits of randomness in two halves, and a salt that keeps choices apart that must not be alike.
 *
 * @since 0.1.0
 * @category models
 */
export interface Seed {
  readonly high: number
  readonly low: number
  readonly salt: number
}

/**
 * The seed of a trace's randomness (14 hex digits). `salt` is for those who choose from lists of their own, as the
 * relays of one guild do. `threshold` is that of the choices before, if the trace has been thinned: who was chosen for
 * it must not be chosen again for that alone.
 *
 * @since 0.1.0
 * @category constructors
 */
export const seed = (randomness: string, salt = 0, threshold = ""): Seed => ({
  high: Number.parseInt(randomness.slice(0, 7), 16),
  low: Number.parseInt(randomness.slice(7), 16),
  salt: hash(`${salt}/${threshold}`)
})

/** FNV-1a. */
const hash = (text: string): number => {
  let sum = 0x811c9dc5
  for (let index = 0; index < text.length; index++) sum = Math.imul(sum ^ text.charCodeAt(index), 0x01000193)
  return sum
}

/**
 * Numbers in [0, 1) that look random and depend on nothing but the seed and the stream: Chris Doty-Humphrey's sfc32,
 * whose 128 bits of state take the whole seed, at two nanoseconds a step.
 */
const stream = ({ high, low, salt }: Seed, number: number): (() => number) => {
  let a = high | 0
  let b = low | 0
  let c = salt | 0
  let counter = number + 1
  const next = () => {
    const sum = (a + b + counter++) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  // Seeds that differ in one bit have nothing in common after twelve steps.
  for (let step = 0; step < 12; step++) next()
  return () => ((next() >>> 5) * 0x4000000 + (next() >>> 6)) / 0x20000000000000
}

/** Halvings of the probability; below 2⁻³² the marks alone decide. */
const LEVELS = 32

/**
 * Where a trace stands among all, in [0, 1): a number of its own for each name, the same for whoever asks.
 *
 * @since 0.1.0
 * @category choosing
 */
export const position = (randomness: string, name: string): number =>
  stream({ ...seed(randomness), salt: hash(name) }, LEVELS + 2)()

/**
 * Which of `size` are chosen, each with the given probability and independently of the others: indices, ascending.
 *
 * Think of a coin for every half: everyone is in the set of probability 1; that of ½ is in it, that of ¼ in that one,
 * and so on. Each set is drawn as the next smaller one and what it adds, and what is added is drawn by its gaps, which
 * are geometrically distributed. A probability between two powers takes of the last addition those whose mark is low
 * enough. Nothing above the probability is drawn, so a fan-out to a million at 0.001 draws some two thousand numbers.
 *
 * @since 0.1.0
 * @category choosing
 */
export const each = (size: number, probability: number, seed: Seed): ReadonlyArray<number> => {
  if (probability >= 1) return Array.from({ length: size }, (_, index) => index)
  const chosen: Array<number> = []
  if (!(probability > 0)) return chosen
  for (let level = Math.min(LEVELS, Math.floor(-Math.log2(probability))); level <= LEVELS; level++) {
    // What this level holds beyond the next, as a chance of those that the next does not hold.
    const next = level === LEVELS ? 0 : 2 ** -(level + 1)
    const added = (2 ** -level - next) / (1 - next)
    const wanted = (Math.min(probability, 2 ** -level) - next) / (1 - next)
    const share = wanted / added
    const random = stream(seed, level)
    const scale = added < 1 ? 1 / Math.log1p(-added) : 0
    const gap = () => (added < 1 ? 1 + Math.floor(Math.log(1 - random()) * scale) : 1)
    for (let index = gap() - 1; index < size; index += gap()) {
      // The mark is drawn also where it decides nothing, so that a level is the same at every probability.
      if (random() < share) chosen.push(index)
    }
  }
  return ascending(chosen)
}

/** In order, each once: levels are drawn apart and may name the same one. */
const ascending = (indices: ReadonlyArray<number>): ReadonlyArray<number> => {
  const sorted = Uint32Array.from(indices).sort()
  const once: Array<number> = []
  for (const index of sorted) if (once.at(-1) !== index) once.push(index)
  return once
}

/**
 * `count` of `size`, every choice of so many being as likely: indices, ascending. They are the first of a shuffled list
 * of which only the beginning is ever shuffled.
 *
 * @since 0.1.0
 * @category choosing
 */
export const exactly = (size: number, count: number, seed: Seed): ReadonlyArray<number> => {
  const random = stream(seed, LEVELS + 1)
  const moved = new Map<number, number>()
  const chosen: Array<number> = []
  for (let place = 0; place < Math.min(size, count); place++) {
    const other = place + Math.floor(random() * (size - place))
    chosen.push(moved.get(other) ?? other)
    moved.set(other, moved.get(place) ?? place)
  }
  return ascending(chosen)
}
