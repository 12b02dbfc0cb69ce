/**
 * How much memory a value takes, by field: what to look at when a guild grows too large, or its garbage collector too slow.
 *
 * `estimate` walks what is small and samples what is large, so that a guild of a million is weighed in a fraction of the time
 * that a walk takes, and in slices, between which everyone else has their turn. `exact` walks everything, at once.
 *
 * What is weighed is a model of V8's heap (without pointer compression, as in Node.js 22 and 24): see `footprint/sizes.ts`
 * for what it takes things to be, and for its sources. A process cannot see all of that heap. So it is assumed that
 *
 * - arrays and maps have as much room as what is in them needs: those that were filled by `push` have up to half as much
 *   again, and those that things were deleted from what they had before
 * - objects were made with the properties that they have. From 128 on they are dictionaries. (One with 17 to 127 that was
 *   filled by computed names is one too, and takes about four times as much; so is one that a property was deleted from.)
 * - equal strings are one string. Where each was read from somewhere else, they are not, and there is more. One that V8 holds
 *   in pieces, or as a part of a longer one, counts as if it were written out; and is, by being looked at
 * - `bigint`s and boxed numbers are whoever's they are found with
 * - functions are what all functions are: what they close over cannot be seen. For what else cannot, see `footprint/Reader.ts`
 *
 * Give it data. A fiber, a Layer or a socket refers to the whole program.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { Field } from "./footprint/Place.ts"
import { Walk } from "./footprint/Walk.ts"

/**
 * `bytes` is on the heap, or in buffers beside it. Of these, `shared` are in buffers that other threads may have too.
 *
 * `error` says how far `bytes` may be from what `exact` gives, at about three standard errors; 0 when nothing was sampled.
 * Three things are in it: how far entries that were drawn differ; how much of what they refer to, found once, others may share
 * that were not drawn; and that there may be entries of a kind of which none was drawn, which take twice what the others do.
 *
 * It promises nothing of
 *
 * - entries of which fewer than six are expected in the sample: they may be missed, whatever they take. Those that can be told
 *   at a glance are not missed, since a text, list, buffer, map or set that is their value, or in one of its fields, is itself
 *   larger by far than the mean. (Of those of which ten are expected, the estimate is near in nineteen of twenty samples.)
 * - what a few entries share, some 2 to w of them, where each that was drawn stands for w: `error` allows for that, but is wide;
 *   and where different places in a structure share it, or different large containers, `bytes` may be off besides
 * - how far the model is from the heap
 *
 * @since 0.1.0
 * @category models
 */
export interface Size {
  readonly bytes: number
  readonly error: number
  readonly shared: number
}

/**
 * What a value takes in all, and each of its fields, if it is a record: an object with fewer than 128 properties, and no
 * container. What is in several fields belongs to the first of them. What the record itself takes belongs to none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Footprint extends Size {
  readonly fields: Readonly<Record<string, Size>>
}

/**
 * `effort`, at least 2: of n entries in a container effort·√n are drawn, and all if there are no more than 16·effort². By
 * default it is 16: 16,000 of a million, and all of 4,096. (At the others there is a glance: a tenth of a microsecond each.)
 * With half the effort, errors are 1.4 times as large where entries differ, and two to four times where it matters what they
 * share.
 *
 * `seed`: another one draws other entries; the same draws the same ones.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly effort?: number
  readonly seed?: number
}

const sizeOf = (fields: ReadonlyArray<Field>): Size => {
  const sum = (of: (field: Field) => number) => fields.reduce((sum, field) => sum + of(field), 0)
  return {
    bytes: Math.round(sum(({ bytes }) => bytes)),
    error: Math.ceil(3 * Math.sqrt(sum(({ variance }) => variance)) + sum(({ slack }) => slack)),
    shared: Math.round(sum(({ shared }) => shared))
  }
}

const weigh = function* (value: unknown, effort: number, seed: number): Generator<void, Footprint> {
  const own = new Field("")
  const fields: Array<Field> = []
  const walk = new Walk(effort, seed, own)
  const outline = walk.outline(value)
  if (outline === undefined) yield* walk.field(own, value)
  for (const [name, inner] of outline ?? []) {
    const field = new Field(String(name))
    fields.push(field)
    yield* walk.field(field, inner)
  }
  yield* walk.settle()
  return {
    ...sizeOf([own, ...fields]),
    fields: Object.fromEntries(fields.map((field) => [field.name, sizeOf([field])]))
  }
}

/**
 * What a value takes, as far as a sample tells.
 *
 * Arrays, `Map`s, `Set`s, Effect's `HashMap`s, and objects used as dictionaries are sampled when they are large; but not
 * those that are found in another one's entries, which are walked, however large. What is found in the entries that were drawn
 * is multiplied, but for what they share: see `footprint/Sample.ts` and `footprint/Sharing.ts` for how. Large containers of
 * another make, trees and lists of objects, are walked; and entries that refer to one another are walked as far as that goes.
 *
 * The thread is held for a quarter of a millisecond at a time, now and then for one or two; longer by an object with very many
 * properties, whose names cannot be had in part, and by the collector. The value may change meanwhile: what comes or goes is
 * counted or is not. No getter is called.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Footprint, type GuildState } from "fanfare"
 *
 * const report = (state: GuildState.State) =>
 *   Effect.gen(function* () {
 *     const { bytes, error, fields } = yield* Footprint.estimate(state)
 *     yield* Effect.log(`${bytes} bytes, give or take ${error}; who is online: ${fields.online?.bytes}`)
 *   })
 * ```
 *
 * @since 0.1.0
 * @category weighing
 */
export const estimate = Effect.fnUntraced(function* (
  value: unknown,
  { effort = 16, seed = 0 }: Options = {}
): Effect.fn.Return<Footprint> {
  const weighing = weigh(value, Math.max(2, Math.floor(effort) || 0), seed)
  for (;;) {
    const step = weighing.next()
    if (step.done === true) return step.value
    yield* Effect.yieldNow
  }
})

/**
 * What a value takes, by walking all of it: a million members hold the thread for seconds, and the walk takes memory of its
 * own, some 50 bytes for each thing found.
 *
 * @since 0.1.0
 * @category weighing
 */
export const exact = (value: unknown): Footprint => {
  const weighing = weigh(value, Number.POSITIVE_INFINITY, 0)
  for (;;) {
    const step = weighing.next()
    if (step.done === true) return step.value
  }
}
