/**
 * How the cost of each operation of the table in `docs/guilds.md` grows: with sessions that look and that do not, members,
 * roles, channels, people in calls and guilds, one at a time; and for how long at most it holds the thread in one piece.
 *
 * Costs are the processor's time of the thread until it has nothing left to do. The exponent is the slope of the last decade
 * on logarithmic axes; beside it stands what the table promises. A piece is how long the event loop had no turn, less what the
 * garbage collector took of it. A line for each operation comes first, for people; the report has the same figures. `-- growth roles calls` measures
 * only these.
 */
import { Effect, Layer } from "effect"
import { MemberStore, Notifier, Offload, Sampler, Session } from "../src/index.ts"
import { AXES, type Axis, exponent, sizeAt, sizesOf } from "./growth/axes.ts"
import { type Operation, operations, promised } from "./growth/operations.ts"
import * as World from "./growth/world.ts"
import { collectGarbage } from "./support/collect.ts"
import * as Pieces from "./support/pieces.ts"
import { quick, report } from "./support/report.ts"

/** In milliseconds, how long an operation may be measured. */
const BUDGET = quick ? 0 : 250
/** Of what takes less time, so many samples at least, and so many at most. */
const [FEW, MANY] = [4, 15]
const isEnough = (samples: number, millis: number) =>
  samples >= MANY || (samples >= FEW ? millis > BUDGET : samples > 0 && millis > 4 * BUDGET)

/** In milliseconds, what a sample costs at least: what takes less is done several times in one. */
const WORTH = quick ? 0 : 2
const MOST = 16

/** What is further from its promise than this is no noise. */
const NOISE = 0.4

type Measure = Effect.Success<typeof Pieces.make>

const measured = Effect.fnUntraced(function* (measure: Measure, world: World.World, { lasts = 0, run }: Operation) {
  // Twice, since some go back and forth.
  const both = Effect.andThen(run(world, 0), run(world, 1))
  const { cost: first } = yield* measure(both)
  const times = lasts > 0 ? 1 : Math.min(MOST, Math.max(1, Math.round(WORTH / first)))
  const start = performance.now()
  const samples: Array<Pieces.Pieces> = []
  while (!isEnough(samples.length, performance.now() - start)) {
    yield* Effect.sleep(lasts)
    const { cost, piece } = yield* measure(lasts > 0 ? run(world, 0) : Effect.replicateEffect(both, times))
    samples.push({ cost: lasts > 0 ? cost : cost / (2 * times), piece })
  }
  // The least: what others on the machine took is not ours.
  const figures: Pieces.Pieces = {
    cost: Math.min(...samples.map(({ cost }) => cost)),
    piece: Math.min(...samples.map(({ piece }) => piece))
  }
  return figures
})

/** All operations in a guild of one size. */
const inWorld = (measure: Measure, axis: Axis, count: number) =>
  Effect.gen(function* () {
    const world = yield* World.make(sizeAt(axis, count))
    collectGarbage()
    return yield* Effect.forEach(Object.entries(operations), ([name, operation]) =>
      Effect.map(measured(measure, world, operation), (figures) => [name, figures] as const)
    )
  }).pipe(
    Effect.scoped,
    // Its own: a store remembers the members of a guild that was there before.
    Effect.provide(Layer.fresh(MemberStore.heap)),
    Effect.map(Object.fromEntries<Pieces.Pieces>)
  )

const program = Effect.gen(function* () {
  const measure = yield* Pieces.make
  const metrics: Record<string, number> = {}
  let longest = 0
  let beyond = 0
  const asked = AXES.filter((axis) => process.argv.includes(axis))
  for (const axis of asked.length === 0 ? AXES : asked) {
    const sizes = sizesOf(axis)
    const worlds = yield* Effect.forEach(sizes, (count) => inWorld(measure, axis, count))
    for (const [name, operation] of Object.entries(operations)) {
      const costs = worlds.map((figures) => figures[name]?.cost ?? Number.NaN)
      const piece = Math.max(...worlds.map((figures) => figures[name]?.piece ?? Number.NaN))
      const promise = promised(operation, axis)
      const grows = exponent(sizes, costs)
      longest = Math.max(longest, piece)
      const isBeyond = grows > promise + NOISE
      if (isBeyond) beyond++
      console.log(
        [
          `${name} over ${axis}:`.padEnd(52),
          `exponent ${grows.toFixed(2).padStart(5)} (promised ${promise}${isBeyond ? ", beyond it" : ""})`,
          `longest piece ${piece.toFixed(1)} ms`,
          `costs ${costs.map((cost) => (cost * 1000).toFixed(0)).join(", ")} µs`
        ].join("  ")
      )
      const key = `${name.replaceAll(/[^A-Za-z]+/g, "_")}_over_${axis}`
      metrics[`${key}_exponent`] = grows
      metrics[`${key}_promised`] = promise
      metrics[`${key}_piece_ms`] = piece
    }
  }
  report("growth", { beyond_promise: beyond, longest_piece_ms: longest, ...metrics })
})

/** Somebody who wants to know whom messages to everyone call: without them nobody looks. */
const notifier = Layer.succeed(Notifier.Notifier, { pinged: () => Effect.void })
const strategies = Layer.mergeAll(Sampler.byFanOutSize(), Offload.inline, Session.layer(), notifier)
await Effect.runPromise(Effect.provide(program, strategies))
process.exit()
