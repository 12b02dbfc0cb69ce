/** What every offload promises: nothing lost, nothing twice, in order, and a full mailbox is felt. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, type Layer, Queue, Schema } from "effect"
import type * as Envelope from "../../src/domain/Envelope.ts"
import * as FanOut from "../../src/domain/FanOut.ts"
import { Offload } from "../../src/domain/Offload.ts"

type Numbers = Queue.Queue<number | Envelope.Envelope<number>>

const recipients = (size: number, make: Effect.Effect<Numbers>) =>
  Effect.forEach(Array.from({ length: size }), () => Effect.map(make, (mailbox) => ({ mailbox })))

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 }))
const Capacity = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 }))

const nobody = () => Effect.die("nobody refuses")

export const conforms = (name: string, layer: Layer.Layer<Offload>) =>
  describe(`Offload: ${name}`, () => {
    it.effect.prop(
      "what one caller pushes reaches each recipient once, in order, however full the mailboxes get",
      [Size, Size, Capacity],
      ([size, rounds, capacity]) =>
        Effect.gen(function* () {
          const sender = yield* (yield* Offload).sender
          const everyone = yield* recipients(size, Queue.bounded(capacity))
          const consumers = yield* Effect.forEach(everyone, ({ mailbox }) =>
            Effect.forkChild(Effect.forEach(Array.from({ length: rounds }), () => Queue.take(mailbox)))
          )
          for (let round = 0; round < rounds; round++) yield* sender.push(FanOut.uniform(everyone, round), nobody)
          for (const consumer of consumers) {
            assert.deepStrictEqual(
              yield* Fiber.join(consumer),
              Array.from({ length: rounds }, (_, round) => round)
            )
          }
        }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect.prop(
      "exactly those who are to keep the trace get the other message",
      [Schema.Array(Schema.Boolean)],
      ([keeps]) =>
        Effect.gen(function* () {
          const sender = yield* (yield* Offload).sender
          const everyone = yield* recipients(keeps.length, Queue.unbounded())
          const kept = keeps.flatMap((keep, index) => (keep ? [index] : []))
          yield* sender.push({ recipients: everyone, message: 0, kept, keptMessage: 1 }, nobody)
          const got = yield* Effect.forEach(everyone, ({ mailbox }) => Queue.take(mailbox))
          assert.deepStrictEqual(got, keeps.map(Number))
        }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("a mailbox that drops, or has ended, refuses once; the others are served", () =>
      Effect.gen(function* () {
        const sender = yield* (yield* Offload).sender
        const full = { mailbox: yield* Queue.dropping<number | Envelope.Envelope<number>>(1) }
        const ended = { mailbox: yield* Queue.bounded<number | Envelope.Envelope<number>>(4) }
        const open = { mailbox: yield* Queue.bounded<number | Envelope.Envelope<number>>(4) }
        yield* Queue.shutdown(ended.mailbox)
        const refused: Array<unknown> = []
        const note = (recipient: unknown) => Effect.sync(() => void refused.push(recipient))
        yield* sender.push(FanOut.uniform([full, ended, open], 1), note)
        yield* sender.push(FanOut.uniform([full, open], 2), note)
        assert.deepStrictEqual(yield* Queue.takeN(open.mailbox, 2), [1, 2])
        assert.strictEqual(yield* Queue.take(full.mailbox), 1)
        assert.isTrue(refused.length === 2 && refused[0] === ended && refused[1] === full)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("nobody's fan-out, however large, keeps all other fibers from running", () =>
      Effect.gen(function* () {
        const sender = yield* (yield* Offload).sender
        const everyone = yield* recipients(50_000, Queue.unbounded())
        let turns = 0
        const other = yield* Effect.forkChild(
          Effect.forever(
            Effect.andThen(
              Effect.sync(() => turns++),
              Effect.yieldNow
            )
          )
        )
        yield* sender.push(FanOut.uniform(everyone, 1), nobody)
        const last = everyone.at(-1)
        assert.isDefined(last)
        yield* Queue.take(last.mailbox)
        yield* Fiber.interrupt(other)
        assert.isAbove(turns, 5)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )
  })
