/** What stays in memory of a message that was handled: nothing. A loop that keeps a frame for each keeps 300 bytes. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, type Scope } from "effect"
import { collectGarbage } from "../../bench/support/collect.ts"
import type { Envelope } from "../../src/domain/Envelope.ts"
import * as FanOut from "../../src/domain/FanOut.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import { Offload } from "../../src/domain/Offload.ts"
import type { Recipient } from "../../src/domain/Sender.ts"
import * as Offloads from "../../src/layers/Offload.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Actor from "../../src/programs/Actor.ts"
import * as Guild from "../../src/programs/Guild.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { community, member, userId } from "../support/community.ts"
import { settled } from "../support/settled.ts"

const WARM_UP = 2_000
const MESSAGES = 10_000
/** Far below a frame or a closure, far above what a heap's size is off by. */
const BYTES = 30

const inUse = Effect.sync(() => {
  collectGarbage()
  collectGarbage()
  return process.memoryUsage().heapUsed
})

/** Bytes that stay of each of many messages, each of which is waited for before the next. */
const bytesKept = Effect.fnUntraced(function* <E, R>(message: Effect.Effect<unknown, E, R>) {
  const many = (times: number) => Effect.repeat(message, { times: times - 1 })
  yield* many(WARM_UP)
  const before = yield* inUse
  yield* many(MESSAGES)
  return ((yield* inUse) - before) / MESSAGES
})

/** What takes messages out of a mailbox, and tells of each. */
const takers: Record<string, (mailbox: Mailbox.Mailbox<number>, seen: () => void) => Effect.Effect<unknown>> = {
  "consume, by functions": (mailbox, seen) => Mailbox.consume(mailbox, seen),
  "consume, by effects": (mailbox, seen) => Mailbox.consume(mailbox, () => Effect.sync(seen)),
  "consume, by effects that wait": (mailbox, seen) =>
    Mailbox.consume(mailbox, () => Effect.andThen(Effect.yieldNow, Effect.sync(seen))),
  take: (mailbox, seen) => Effect.forever(Effect.map(Mailbox.take(mailbox), seen), { disableYield: true }),
  takeAll: (mailbox, seen) => Effect.forever(Effect.map(Mailbox.takeAll(mailbox), seen), { disableYield: true })
}

describe("nothing is kept of a change", () => {
  it.effect("of a member", () =>
    Effect.gen(function* () {
      const size = 10_000
      const named = (name: string, index: number) => `${name} ${index + size}`
      const members = {
        *[Symbol.iterator]() {
          for (let index = 0; index < size; index++) yield { ...member(index), nick: named("nick", index) }
        }
      }
      const guild = yield* Guild.make({ community, members })
      const renamed = Effect.fnUntraced(function* (first: number, last: number) {
        for (let index = first; index < last; index++) {
          const patch = { nick: named("name", index) }
          yield* Transport.call(guild, "UpdateMember", { user: userId(index), patch })
        }
      })
      yield* renamed(0, WARM_UP)
      const before = yield* inUse
      // Nearly as many bytes as before, in objects that nobody has seen yet. Compared by `Equal`, each keeps 300 more.
      yield* renamed(WARM_UP, size)
      assert.isBelow(((yield* inUse) - before) / (size - WARM_UP), 100)
    }).pipe(Effect.provide([MemberStore.heap, Sampler.never, Offloads.inline]))
  )
})

describe("nothing is kept of a message", () => {
  it.effect.each(Object.keys(takers))("that was taken by %s", (name) =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>()
      let seen: () => void = () => {}
      const taker = takers[name]
      assert.isDefined(taker)
      yield* Effect.forkScoped(
        taker(mailbox, () => seen()),
        { startImmediately: true }
      )
      const kept = yield* bytesKept(
        Effect.callback<void>((resume) => {
          seen = () => resume(Effect.void)
          mailbox.offerUnsafe(1)
          // By the next turn whoever takes it waits again.
        }).pipe(Effect.andThen(Effect.yieldNow))
      )
      assert.isBelow(kept, BYTES)
    })
  )

  it.effect("that an actor was asked, or told", () =>
    Effect.gen(function* () {
      interface Counter {
        readonly Add: { readonly payload: number; readonly success: number; readonly error: never }
      }
      let total = 0
      const counter = yield* Actor.make<Counter>()({
        kind: "counter",
        capacity: 4,
        init: () => Effect.succeed({ requests: { Add: (n) => Effect.sync(() => (total += n)) } })
      })
      assert.isBelow(yield* bytesKept(Effect.andThen(Transport.call(counter, "Add", 1), Effect.yieldNow)), BYTES)
      assert.isBelow(yield* bytesKept(Effect.andThen(Transport.cast(counter, "Add", 1), Effect.yieldNow)), BYTES)
      assert.isAtLeast(total, MESSAGES)
    })
  )

  it.effect.each([
    ["inline", Offloads.inline],
    ["senders", Offloads.senders()]
  ] as const)("that was fanned out (offload: %s)", ([, layer]) =>
    Effect.gen(function* () {
      const sender = yield* (yield* Offload).sender
      const recipients = yield* Effect.forEach(Array.from({ length: 3 }), () => consuming(() => arrived()))
      let arrived = () => {}
      const pushed = Effect.gen(function* () {
        const all = yield* Deferred.make<void>()
        let missing = recipients.length
        arrived = () => {
          if (--missing === 0) Deferred.doneUnsafe(all, Effect.void)
        }
        yield* sender.push(FanOut.uniform(recipients, 1), () => Effect.die("nobody refuses"))
        yield* Deferred.await(all)
      })
      assert.isBelow(yield* bytesKept(pushed), BYTES)
    }).pipe(Effect.provide(layer))
  )
})

const consuming = Effect.fnUntraced(function* (
  seen: () => void
): Effect.fn.Return<Recipient<number>, never, Scope.Scope> {
  const mailbox = yield* Mailbox.make<number | Envelope<number>>()
  yield* Effect.forkScoped(Mailbox.consume(mailbox, seen), { startImmediately: true })
  yield* settled
  return { mailbox }
})
