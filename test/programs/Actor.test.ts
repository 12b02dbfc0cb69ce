import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Option, Scope, Tracer } from "effect"
import { TestClock } from "effect/testing"
import type { ActorError } from "../../src/domain/Actor.ts"
import * as Actor from "../../src/programs/Actor.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { recorder, TRACE_ID, traced } from "../support/tracing.ts"

interface Account {
  readonly Deposit: { readonly payload: number; readonly success: number; readonly error: "negative" }
  readonly Throw: { readonly payload: void; readonly success: never; readonly error: never }
  readonly Break: { readonly payload: void; readonly success: never; readonly error: never }
  readonly Where: { readonly payload: void; readonly success: string | undefined; readonly error: never }
  readonly Wait: { readonly payload: Deferred.Deferred<void>; readonly success: void; readonly error: never }
}

const make = Actor.make<Account>({
  kind: "account",
  capacity: 4,
  init: Effect.sync(() => {
    let balance = 0
    return {
      Deposit: (amount) => (amount < 0 ? Effect.fail("negative" as const) : Effect.sync(() => (balance += amount))),
      Break: () => Effect.die("broken"),
      Throw: () => {
        throw new Error("thrown while the handler was called")
      },
      Where: () =>
        Effect.map(Effect.serviceOption(Tracer.ParentSpan), (span) =>
          Option.getOrUndefined(Option.map(span, ({ traceId }) => traceId))
        ),
      Wait: (until) => Deferred.await(until)
    }
  })
})

const tagOf = (error: ActorError | string) => (typeof error === "string" ? error : error._tag)

describe("Actor", () => {
  it.effect("handles one request at a time, in order, and answers each", () =>
    Effect.gen(function* () {
      const account = yield* make
      yield* Effect.forEach([1, 2, 3], (amount) => Transport.cast(account, "Deposit", amount))
      assert.strictEqual(yield* Transport.call(account, "Deposit", 4), 10)
      const sums = yield* Effect.forEach([1, 1, 1, 1, 1, 1, 1, 1], (one) => Transport.call(account, "Deposit", one), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(sums, [11, 12, 13, 14, 15, 16, 17, 18])
    })
  )

  it.effect("an error is an answer, and a defect is too: neither ends the actor", () =>
    Effect.gen(function* () {
      const account = yield* make
      assert.strictEqual(yield* Effect.flip(Transport.call(account, "Deposit", -1)), "negative")
      for (const tag of ["Break", "Throw"] as const) {
        assert.strictEqual((yield* Effect.flip(Transport.call(account, tag, undefined)))._tag, "HandlerDied")
        assert.strictEqual((yield* Effect.flip(traced(Transport.call(account, tag, undefined))))._tag, "HandlerDied")
      }
      yield* Transport.cast(account, "Break", undefined)
      assert.strictEqual(yield* Transport.call(account, "Deposit", 5), 5)
    })
  )

  it.effect("when it stops, every caller learns whether the request may have been handled", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const account = yield* Scope.provide(make, scope)
      const never = yield* Deferred.make<void>()
      const handling = yield* Effect.forkChild(Effect.flip(Transport.call(account, "Wait", never)))
      yield* Effect.yieldNow
      // Four fit into the mailbox, two more wait to be let in.
      const waiting = yield* Effect.forEach([1, 2, 3, 4, 5, 6], (amount) =>
        Effect.forkChild(Effect.flip(Transport.call(account, "Deposit", amount)))
      )
      yield* Effect.yieldNow
      yield* Scope.close(scope, Exit.void)
      const inFlight = yield* Fiber.join(handling)
      assert.deepInclude(inFlight, { _tag: "ActorStopped", kind: "account", request: "Wait", handled: "maybe" })
      for (const fiber of waiting) {
        assert.deepInclude(yield* Fiber.join(fiber), { _tag: "ActorStopped", request: "Deposit", handled: "no" })
      }
      assert.strictEqual(tagOf(yield* Effect.flip(Transport.call(account, "Deposit", 1))), "ActorStopped")
      assert.strictEqual((yield* Effect.flip(Transport.cast(account, "Deposit", 1)))._tag, "ActorStopped")
    })
  )

  it.effect("a caller does not wait forever", () =>
    Effect.gen(function* () {
      const account = yield* make
      const gate = yield* Deferred.make<void>()
      const caller = yield* Effect.forkChild(Effect.flip(Transport.call(account, "Wait", gate)))
      yield* TestClock.adjust("5 seconds")
      assert.deepInclude(yield* Fiber.join(caller), { _tag: "CallTimedOut", request: "Wait", timeoutMillis: 5000 })
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Transport.call(account, "Deposit", 1), 1)
    })
  )

  it.effect("what its creator annotated its logs and spans with is not what the actor does", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const account = yield* Effect.annotateSpans(make, "request", 1)
      yield* traced(Transport.call(account, "Deposit", 1))
      assert.isFalse(spans.opened[0]?.attributes.has("request"))
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect("its life is no part of its creator's trace: a link on its first span, and nothing on the others", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const account = yield* Effect.withSpan(make, "creator")
      assert.isUndefined(yield* Transport.call(account, "Where", undefined))
      yield* Transport.call(account, "Deposit", 1)
      assert.deepStrictEqual(
        spans.opened.map(({ name }) => name),
        ["creator"]
      )
      yield* traced(Transport.call(account, "Deposit", 1))
      yield* traced(Transport.call(account, "Deposit", 1))
      const [creator, first, second] = spans.opened
      assert.deepStrictEqual(
        [first, second].map((span) => [span?.name, span?.traceId]),
        [
          ["actor.call Deposit", TRACE_ID],
          ["actor.call Deposit", TRACE_ID]
        ]
      )
      assert.deepStrictEqual(
        first?.links.map(({ span }: Tracer.SpanLink) => span.spanId),
        [creator?.spanId]
      )
      assert.deepStrictEqual(second?.links, [])
    }).pipe(Effect.provide(spans.layer))
  })
})
