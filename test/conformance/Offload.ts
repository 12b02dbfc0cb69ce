/** What every offload promises: nothing lost, nothing twice, in order, and a full mailbox is felt. */
import { assert, describe, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Queue, Schema, Scope } from "effect"
import type * as Envelope from "../../src/domain/Envelope.ts"
import * as FanOut from "../../src/domain/FanOut.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import { Offload } from "../../src/domain/Offload.ts"
import { below, seeded } from "../support/random.ts"
import { settled } from "../support/settled.ts"

/** What a caller sends when there are several. */
interface Sent {
  readonly caller: number
  readonly nth: number
}

interface Listener {
  readonly mailbox: Mailbox.Outbox<Sent>
  readonly take: Effect.Effect<Sent | Envelope.Envelope<Sent>>
}

type Incoming = Sent | Envelope.Envelope<Sent>

/** Whoever takes: from a mailbox, from a queue, or what a handler has passed on, which is done at once more often than not. */
const LISTENERS: ReadonlyArray<
  (capacity: number, random: () => number) => Effect.Effect<Listener, never, Scope.Scope>
> = [
  (capacity) =>
    Effect.map(Mailbox.bounded<Incoming>(capacity), (mailbox) => ({ mailbox, take: Mailbox.take(mailbox) })),
  (capacity) => Effect.map(Queue.bounded<Incoming>(capacity), (mailbox) => ({ mailbox, take: Queue.take(mailbox) })),
  Effect.fnUntraced(function* (capacity, random) {
    const mailbox = yield* Mailbox.bounded<Incoming>(capacity)
    const handled = yield* Queue.unbounded<Incoming>()
    const pass = (message: Incoming) => void Queue.offerUnsafe(handled, message)
    yield* Effect.forkScoped(
      Mailbox.consume(mailbox, (message) => {
        if (random() < 0.8) return pass(message)
        return Effect.andThen(
          Effect.yieldNow,
          Effect.sync(() => pass(message))
        )
      })
    )
    return { mailbox, take: Queue.take(handled) }
  })
]

type Numbers = Queue.Queue<number | Envelope.Envelope<number>>

const recipients = (size: number, make: Effect.Effect<Numbers>) =>
  Effect.forEach(Array.from({ length: size }), () => Effect.map(make, (mailbox) => ({ mailbox })))

const Size = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 30 }))
const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))
const Capacity = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 5 }))

const nobody = () => Effect.die("nobody refuses")

/** A recipient that handles each message at once, and has room for few: more than a sender pushes together. */
const consuming = Effect.fnUntraced(function* (taken: () => void) {
  const mailbox = yield* Mailbox.make<number | Envelope.Envelope<number>>({ capacity: 128, strategy: "dropping" })
  yield* Effect.forkScoped(Mailbox.consume(mailbox, taken), { startImmediately: true })
  return { mailbox }
})

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

    it.effect.prop("pushes to lists that overlap reach each recipient in order", [Seed], ([seed]) =>
      Effect.gen(function* () {
        const random = seeded(seed)
        const sender = yield* (yield* Offload).sender
        const everyone = yield* recipients(6, Queue.unbounded())
        const lists = Array.from({ length: 3 }, () => everyone.filter(() => random() < 0.6))
        const due = new Map(everyone.map((one) => [one, new Array<number>()]))
        for (let round = 0; round < 40; round++) {
          const list = lists[below(random, lists.length)] ?? everyone
          for (const one of list) due.get(one)?.push(round)
          yield* sender.push(FanOut.uniform(list, round), nobody)
        }
        for (const [{ mailbox }, rounds] of due) {
          assert.deepStrictEqual(yield* Effect.forEach(rounds, () => Queue.take(mailbox)), rounds)
        }
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect.prop(
      "several callers at once: each one's messages reach everyone once and in order, through mailboxes of any kind",
      [Seed, Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 12 }))],
      ([seed, callers]) =>
        Effect.gen(function* () {
          const random = seeded(seed)
          const offload = yield* Offload
          const everyone = yield* Effect.forEach(
            Array.from({ length: 7 }).flatMap(() => LISTENERS),
            (listener) => listener(1 + below(random, 4), random)
          )
          const rounds = 10
          const consumers = yield* Effect.forEach(everyone, ({ take }) =>
            Effect.forkChild(
              Effect.forEach(Array.from({ length: rounds * callers }), () =>
                random() < 0.2 ? Effect.andThen(Effect.yieldNow, take) : take
              )
            )
          )
          yield* Effect.forEach(
            Array.from({ length: callers }, (_, caller) => caller),
            Effect.fnUntraced(function* (caller) {
              const sender = yield* offload.sender
              for (let nth = 0; nth < rounds; nth++) {
                yield* sender.push(FanOut.uniform(everyone, { caller, nth }), nobody)
                if (random() < 0.3) yield* Effect.yieldNow
              }
            }),
            { concurrency: "unbounded", discard: true }
          )
          for (const consumer of consumers) {
            const got = yield* Fiber.join(consumer)
            for (let caller = 0; caller < callers; caller++) {
              const own = got.flatMap((sent) => ("caller" in sent && sent.caller === caller ? [sent.nth] : []))
              assert.deepStrictEqual(
                own,
                Array.from({ length: rounds }, (_, nth) => nth)
              )
            }
          }
        }).pipe(Effect.scoped, Effect.provide(layer)),
      { arbitrary: { runs: 30 } }
    )

    it.effect("who is full makes the caller wait, sooner or later", () =>
      Effect.gen(function* () {
        const sender = yield* (yield* Offload).sender
        const everyone = yield* recipients(3, Queue.bounded(1))
        let pushed = 0
        const caller = yield* Effect.forkChild(
          Effect.forEach(
            Array.from({ length: 1_000 }),
            () =>
              Effect.andThen(
                sender.push(FanOut.uniform(everyone, pushed), nobody),
                Effect.sync(() => pushed++)
              ),
            { discard: true }
          )
        )
        for (let turn = 0; turn < 2_000; turn++) yield* Effect.yieldNow
        assert.isBelow(pushed, 500)
        const consumers = yield* Effect.forEach(everyone, ({ mailbox }) =>
          Effect.forkChild(Effect.forEach(Array.from({ length: 1_000 }), () => Queue.take(mailbox)))
        )
        for (const consumer of consumers) {
          assert.deepStrictEqual(
            yield* Fiber.join(consumer),
            Array.from({ length: 1_000 }, (_, nth) => nth)
          )
        }
        yield* Fiber.join(caller)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect.each([1, 16, 50, 200, 256, 257, 600])(
      "recipients that take everything at once are never full, however fast a caller pushes to %d of them",
      (size) =>
        Effect.gen(function* () {
          const sender = yield* (yield* Offload).sender
          let taken = 0
          const everyone = yield* Effect.forEach(Array.from({ length: size }), () => consuming(() => void taken++))
          const refused: Array<unknown> = []
          const rounds = 1_000
          for (let round = 0; round < rounds; round++) {
            yield* sender.push(FanOut.uniform(everyone, round), (recipient) =>
              Effect.sync(() => refused.push(recipient))
            )
          }
          for (let turn = 0; turn < 1_000 && taken < rounds * size; turn++) yield* settled
          assert.deepStrictEqual({ refused: refused.length, taken }, { refused: 0, taken: rounds * size })
        }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("they are not full either when each push is given up at once", () =>
      Effect.gen(function* () {
        const sender = yield* (yield* Offload).sender
        const everyone = yield* Effect.forEach(Array.from({ length: 200 }), () => consuming(() => {}))
        const refused: Array<unknown> = []
        for (let round = 0; round < 500; round++) {
          const push = sender.push(FanOut.uniform(everyone, round), (recipient) =>
            Effect.sync(() => refused.push(recipient))
          )
          const pushing = yield* Effect.forkChild(push, { startImmediately: true })
          pushing.interruptUnsafe()
        }
        for (let turn = 0; turn < 100; turn++) yield* settled
        assert.isEmpty(refused)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect.each(["begins another push", "gives this push up"] as const)(
      "a handler that %s has the other come after it, at each recipient",
      (way) =>
        Effect.gen(function* () {
          const sender = yield* (yield* Offload).sender
          const size = 600
          let meet = () => {}
          const got = Array.from({ length: size }, () => new Array<number>())
          const everyone = yield* Effect.forEach(
            got,
            Effect.fnUntraced(function* (own, index) {
              const mailbox = yield* Mailbox.make<number | Envelope.Envelope<number>>()
              const handle = (message: number | Envelope.Envelope<number>) => {
                if (typeof message === "number") own.push(message)
                if (index === 100 && message === 1) meet()
              }
              yield* Effect.forkScoped(Mailbox.consume(mailbox, handle), { startImmediately: true })
              return { mailbox }
            })
          )
          const push = (message: number) => sender.push(FanOut.uniform(everyone, message), nobody)
          const all = (message: number) => got.filter((own) => own.includes(message)).length
          // From here on they are quick.
          yield* push(0)
          while (all(0) < size) yield* settled
          const begun = yield* Deferred.make<void>()
          const fork = Effect.runForkWith(yield* Effect.context<never>())
          meet = () => (way === "begins another push" ? void fork(push(2)) : Deferred.doneUnsafe(begun, Effect.void))
          if (way === "begins another push") yield* push(1)
          else yield* Effect.andThen(Effect.raceFirst(push(1), Deferred.await(begun)), push(2))
          while (all(2) < size) yield* settled
          for (const own of got) assert.deepStrictEqual(own, own.toSorted())
        }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("a fan-out gives others a turn for each slice, though some in each slice refuse", () =>
      Effect.gen(function* () {
        const sender = yield* (yield* Offload).sender
        let taken = 0
        const full = yield* Mailbox.dropping<number | Envelope.Envelope<number>>(1)
        yield* Mailbox.offer(full, 0)
        const everyone = yield* Effect.forEach(Array.from({ length: 5_000 }), (_, index) =>
          index % 50 === 0 ? Effect.succeed({ mailbox: full }) : consuming(() => void taken++)
        )
        yield* settled
        let turns = 0
        let isOver = false
        const other = yield* Mailbox.make<void>()
        const again = () => {
          if (taken > 0 && taken < 4_900) turns++
          if (!isOver) other.offerUnsafe(undefined)
        }
        yield* Effect.forkScoped(
          Mailbox.consume(other, () => Effect.sync(again)),
          { startImmediately: true }
        )
        other.offerUnsafe(undefined)
        let refused = 0
        yield* sender.push(FanOut.uniform(everyone, 1), () => Effect.sync(() => void refused++))
        while (taken < 4_900) yield* Effect.yieldNow
        isOver = true
        assert.strictEqual(refused, 100)
        assert.isAtLeast(turns, 15)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("others have a turn while all refuse, long before a slice of them has been told", () =>
      Effect.gen(function* () {
        const sender = yield* (yield* Offload).sender
        const full = yield* Mailbox.dropping<number | Envelope.Envelope<number>>(1)
        yield* Mailbox.offer(full, 0)
        const everyone = Array.from({ length: 1_000 }, () => ({ mailbox: full }))
        let refused = 0
        const seen: Array<number> = []
        const other = yield* Mailbox.make<void>()
        const again = () => {
          seen.push(refused)
          if (refused < everyone.length) other.offerUnsafe(undefined)
        }
        yield* Effect.forkScoped(
          Mailbox.consume(other, () => Effect.sync(again)),
          { startImmediately: true }
        )
        other.offerUnsafe(undefined)
        yield* sender.push(FanOut.uniform(everyone, 1), () => Effect.sync(() => void refused++))
        while ((seen.at(-1) ?? 0) < everyone.length) yield* Effect.yieldNow
        assert.isAtMost(Math.max(...seen.map((count, nth) => count - (seen[nth - 1] ?? 0))), 32)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("a fan-out goes out beside others who are always busy, and waits for no more than their turns", () =>
      Effect.gen(function* () {
        const sender = yield* (yield* Offload).sender
        let rounds = 0
        const MANY = 100_000
        // Two who cast to each other as long as anybody lets them.
        const one = yield* Mailbox.make<void>()
        const other = yield* Mailbox.make<void>()
        const cast = (to: Mailbox.Mailbox<void>) => () => {
          if (rounds++ < MANY) to.offerUnsafe(undefined)
        }
        yield* Effect.forkScoped(Mailbox.consume(one, cast(other)), { startImmediately: true })
        yield* Effect.forkScoped(Mailbox.consume(other, cast(one)), { startImmediately: true })
        one.offerUnsafe(undefined)
        let taken = 0
        const everyone = yield* Effect.forEach(Array.from({ length: 5_000 }), () => consuming(() => void taken++))
        rounds = 0
        yield* sender.push(FanOut.uniform(everyone, 1), nobody)
        while (taken < everyone.length) yield* Effect.yieldNow
        // 20 slices, and one turn for each of the two beside each slice and what it woke; a run of turns here and there.
        assert.isBelow(rounds, 20_000)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("what was pushed before it stops arrives; and so does what is pushed after", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { sender } = Context.get(yield* Layer.buildWithScope(layer, scope), Offload)
        const caller = yield* Effect.provideService(sender, Scope.Scope, yield* Scope.make())
        const everyone = yield* recipients(2_000, Queue.unbounded())
        for (let round = 0; round < 20; round++) yield* caller.push(FanOut.uniform(everyone, round), nobody)
        yield* Scope.close(scope, Exit.void)
        yield* caller.push(FanOut.uniform(everyone, 20), nobody)
        for (const { mailbox } of everyone) {
          assert.strictEqual(Queue.sizeUnsafe(mailbox), 21)
          const got: ReadonlyArray<unknown> = yield* Queue.takeAll(mailbox)
          assert.deepStrictEqual(
            got,
            Array.from({ length: 21 }, (_, round) => round)
          )
        }
      })
    )

    it.effect("what is to run after the pushes runs once they have arrived, also when the offload has stopped", () =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const { sender } = Context.get(yield* Layer.buildWithScope(layer, scope), Offload)
        const caller = yield* Effect.provideService(sender, Scope.Scope, yield* Scope.make())
        const [listener] = yield* recipients(1, Queue.bounded(1))
        assert.isDefined(listener)
        let ran = 0
        const run = Effect.sync(() => void ran++)
        const settle = Effect.repeat(Effect.yieldNow, { times: 1_000 })
        const pushing = yield* Effect.forkChild(
          Effect.gen(function* () {
            for (let round = 0; round < 3; round++) yield* caller.push(FanOut.uniform([listener], round), nobody)
            yield* caller.after(run)
            yield* caller.push(FanOut.uniform([listener], 3), nobody)
          })
        )
        yield* settle
        assert.strictEqual(yield* Queue.take(listener.mailbox), 0)
        yield* settle
        // The last of the three waits for room yet.
        assert.strictEqual(ran, 0)
        assert.strictEqual(yield* Queue.take(listener.mailbox), 1)
        yield* settle
        assert.strictEqual(ran, 1)
        assert.deepStrictEqual([yield* Queue.take(listener.mailbox), yield* Queue.take(listener.mailbox)], [2, 3])
        yield* Fiber.join(pushing)
        yield* Scope.close(scope, Exit.void)
        yield* caller.after(run)
        assert.strictEqual(ran, 2)
      })
    )

    it.effect("a caller whose recipient is full holds no other caller up", () =>
      Effect.gen(function* () {
        const offload = yield* Offload
        const full = { mailbox: yield* Queue.bounded<number | Envelope.Envelope<number>>(1) }
        const open = { mailbox: yield* Queue.unbounded<number | Envelope.Envelope<number>>() }
        for (let caller = 0; caller < 20; caller++) {
          const held = yield* offload.sender
          const pushes = Effect.forEach([0, 1], (round) => held.push(FanOut.uniform([full], round), () => Effect.void))
          yield* Effect.forkChild(pushes, { startImmediately: true })
          yield* settled
          const sender = yield* offload.sender
          yield* sender.push(FanOut.uniform([open], caller), nobody)
          for (let turn = 0; turn < 20 && Queue.sizeUnsafe(open.mailbox) === 0; turn++) yield* settled
          assert.deepStrictEqual(yield* Queue.clear(open.mailbox), [caller])
        }
        yield* Queue.shutdown(full.mailbox)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("a message to few goes out between the slices of other callers' fan-outs", () =>
      Effect.gen(function* () {
        const offload = yield* Offload
        let taken = 0
        const crowd = yield* Effect.forEach(Array.from({ length: 5_000 }), () => consuming(() => void taken++))
        let small = 0
        const few = yield* consuming(() => void small++)
        const senders = yield* Effect.replicateEffect(offload.sender, 20)
        const large = yield* Effect.forEach(senders, (sender) => sender.push(FanOut.uniform(crowd, 0), nobody), {
          concurrency: "unbounded",
          discard: true
        }).pipe(Effect.forkChild({ startImmediately: true }))
        while (taken === 0) yield* Effect.yieldNow
        const sender = yield* offload.sender
        const before = taken
        const pushing = yield* Effect.forkChild(sender.push(FanOut.uniform([few], 0), nobody), {
          startImmediately: true
        })
        while (small === 0) yield* Effect.yieldNow
        // A few slices of each of the twenty, of twenty that each has.
        assert.isBelow(taken - before, 5 * 20 * 256)
        yield* Fiber.join(pushing)
        yield* Fiber.join(large)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("what a caller has pushed arrives though the caller's scope closes", () =>
      Effect.gen(function* () {
        const { sender } = yield* Offload
        const [listener] = yield* recipients(1, Queue.bounded(1))
        assert.isDefined(listener)
        const scope = yield* Scope.make()
        const caller = yield* Scope.provide(sender, scope)
        const rounds = [0, 1, 2, 3]
        const pushing = yield* Effect.forkChild(
          Effect.forEach(rounds, (round) => caller.push(FanOut.uniform([listener], round), nobody))
        )
        yield* settled
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(yield* Effect.forEach(rounds, () => Queue.take(listener.mailbox)), rounds)
        yield* Fiber.join(pushing)
      }).pipe(Effect.scoped, Effect.provide(layer))
    )

    it.effect("a caller whose recipients are refused by what dies does not end the others' sending", () =>
      Effect.gen(function* () {
        const offload = yield* Offload
        const full = { mailbox: yield* Queue.dropping<number | Envelope.Envelope<number>>(1) }
        const open = { mailbox: yield* Queue.unbounded<number | Envelope.Envelope<number>>() }
        yield* Queue.offer(full.mailbox, 0)
        for (let caller = 0; caller < 20; caller++) {
          const sender = yield* offload.sender
          yield* Effect.exit(sender.push(FanOut.uniform([full], caller), nobody))
          yield* sender.push(FanOut.uniform([open], caller), nobody)
          assert.strictEqual(yield* Queue.take(open.mailbox), caller)
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
