import { assert, describe, it } from "@effect/vitest"
import {
  Cause,
  Deferred,
  Duration,
  Effect,
  Exit,
  Fiber,
  Layer,
  Logger,
  Metric,
  Option,
  References,
  Schedule,
  Schema,
  Scope,
  Tracer
} from "effect"
import { TestClock } from "effect/testing"
import type { ActorError } from "../../src/domain/Actor.ts"
import * as Detached from "../../src/domain/Detached.ts"
import * as Metrics from "../../src/domain/Metrics.ts"
import * as Propagation from "../../src/domain/Propagation.ts"
import * as Supervision from "../../src/domain/Supervision.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Actor from "../../src/programs/Actor.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { settled } from "../support/settled.ts"
import { recorder, TRACE_ID, traced } from "../support/tracing.ts"

interface Account {
  readonly Deposit: { readonly payload: number; readonly success: number; readonly error: "negative" }
  readonly Note: { readonly payload: number; readonly success: void; readonly error: never }
  readonly Throw: { readonly payload: void; readonly success: never; readonly error: never }
  readonly Break: { readonly payload: void; readonly success: never; readonly error: never }
  readonly Interrupt: { readonly payload: void; readonly success: never; readonly error: never }
  readonly Where: { readonly payload: void; readonly success: string | undefined; readonly error: never }
  readonly Wait: { readonly payload: Deferred.Deferred<void>; readonly success: void; readonly error: never }
}

const behavior: Effect.Effect<Actor.Behavior<Account, never, never>> = Effect.sync(() => {
  let balance = 0
  return {
    requests: {
      Deposit: (amount) => (amount < 0 ? Effect.fail("negative" as const) : Effect.sync(() => (balance += amount))),
      Note: (amount) => Effect.sync(() => void (balance += amount)),
      Break: () => Effect.die("broken"),
      Interrupt: () => Effect.interrupt,
      Throw: () => {
        throw new Error("thrown while the handler was called")
      },
      Where: () =>
        Effect.map(Effect.serviceOption(Tracer.ParentSpan), (span) =>
          Option.getOrUndefined(Option.map(span, ({ traceId }) => traceId))
        ),
      Wait: (until) => Deferred.await(until)
    }
  }
})

const account = { kind: "account", capacity: 4, init: () => behavior }

const make = Actor.make<Account>()({ ...account, supervision: Supervision.resume })

const tagOf = (error: ActorError | string) => (typeof error === "string" ? error : error._tag)

describe("Actor", () => {
  it.effect("handles one request at a time, in order, and answers each", () =>
    Effect.gen(function* () {
      const account = yield* make
      yield* Effect.forEach([1, 2, 3], (amount) => Transport.cast(account, "Note", amount))
      assert.strictEqual(yield* Transport.call(account, "Deposit", 4), 10)
      const sums = yield* Effect.forEach([1, 1, 1, 1, 1, 1, 1, 1], (one) => Transport.call(account, "Deposit", one), {
        concurrency: "unbounded"
      })
      assert.deepStrictEqual(sums, [11, 12, 13, 14, 15, 16, 17, 18])
    })
  )

  it.effect("an error is an answer, and a defect is too; under resume neither costs the actor its state", () =>
    Effect.gen(function* () {
      const account = yield* make
      yield* Transport.cast(account, "Note", 5)
      assert.strictEqual(yield* Effect.flip(Transport.call(account, "Deposit", -1)), "negative")
      for (const tag of ["Break", "Throw", "Interrupt"] as const) {
        for (const call of [Transport.call(account, tag, undefined), traced(Transport.call(account, tag, undefined))]) {
          assert.deepInclude(yield* Effect.flip(call), { _tag: "ActorDied", request: tag, handled: "maybe" })
        }
      }
      yield* Transport.cast(account, "Break", undefined)
      assert.strictEqual(yield* Transport.call(account, "Deposit", 5), 10)
    })
  )

  it.effect("when its scope closes, every caller learns whether the request may have been handled", () =>
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
      assert.strictEqual((yield* Effect.flip(Transport.cast(account, "Note", 1)))._tag, "ActorStopped")
      yield* account.ended
    })
  )

  it.effect("so does one whose request was on its way to an actor that waited for it", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const account = yield* Scope.provide(make, scope)
      yield* Effect.yieldNow
      const call = yield* Effect.forkChild(Effect.flip(Transport.call(account, "Deposit", 1)), {
        startImmediately: true
      })
      yield* Scope.close(scope, Exit.void)
      assert.deepInclude(yield* Fiber.join(call), { _tag: "ActorStopped", request: "Deposit", handled: "no" })
    })
  )

  it.effect("a caller does not wait forever, and is told whether it was too late to withdraw", () =>
    Effect.gen(function* () {
      const account = yield* make
      const gate = yield* Deferred.make<void>()
      const first = yield* Effect.forkChild(Effect.flip(Transport.call(account, "Wait", gate)))
      yield* Effect.yieldNow
      const second = yield* Effect.forkChild(Effect.flip(Transport.call(account, "Deposit", 1000)))
      yield* TestClock.adjust("5 seconds")
      const late = { _tag: "CallTimedOut", timeoutMillis: 5000 } as const
      assert.deepInclude(yield* Fiber.join(first), { ...late, request: "Wait", handled: "maybe" })
      assert.deepInclude(yield* Fiber.join(second), { ...late, request: "Deposit", handled: "no" })
      yield* Deferred.succeed(gate, undefined)
      // What was withdrawn was not handled.
      assert.strictEqual(yield* Transport.call(account, "Deposit", 1), 1)
    })
  )
})

it.effect("whoever is interrupted takes back what nobody has begun with, for whichever reason", () =>
  Effect.gen(function* () {
    const account = yield* make
    const gate = yield* Deferred.make<void>()
    yield* Effect.forkChild(Transport.call(account, "Wait", gate))
    yield* Effect.yieldNow
    const interrupted = yield* Effect.forkChild(Transport.call(account, "Deposit", 10))
    const impatient = yield* Effect.forkChild(Effect.timeoutOption(Transport.call(account, "Deposit", 100), "1 second"))
    yield* Effect.yieldNow
    yield* Fiber.interrupt(interrupted)
    yield* TestClock.adjust("1 second")
    assert.strictEqual((yield* Fiber.join(impatient))._tag, "None")
    yield* Deferred.succeed(gate, undefined)
    assert.strictEqual(yield* Transport.call(account, "Deposit", 1), 1)
  })
)

describe("an actor's start and stop", () => {
  it.effect("before it is started, and when it could not be, nothing is handled and callers are told so", () =>
    Effect.gen(function* () {
      const { actor, start } = yield* Actor.prepare<Account>()(account)
      const early = yield* Effect.flip(Transport.call(actor, "Deposit", 1))
      assert.deepInclude(early, { _tag: "ActorNotStarted", kind: "account", request: "Deposit", handled: "no" })
      assert.strictEqual((yield* Effect.flip(Transport.cast(actor, "Note", 1)))._tag, "ActorNotStarted")
      yield* start
      yield* start
      assert.strictEqual(yield* Transport.call(actor, "Deposit", 1), 1)
    })
  )

  it.effect.each([
    ["fails", Effect.fail("no money")],
    ["dies", Effect.die("no money")]
  ] as const)("an init that %s is an error of its starter, with the cause", ([, init]) =>
    Effect.gen(function* () {
      const { actor, start } = yield* Actor.prepare<Account>()({
        ...account,
        init: (): Effect.Effect<Actor.Behavior<Account, never, never>, string> => init
      })
      const error = yield* Effect.flip(start)
      assert.deepInclude(error, { _tag: "ActorNotStarted", kind: "account", cause: "no money", handled: "no" })
      const refused = yield* Effect.flip(Transport.call(actor, "Deposit", 1))
      assert.deepInclude(refused, { _tag: "ActorNotStarted", request: "Deposit", cause: "no money" })
      yield* actor.ended
    })
  )

  it.effect("one that has ended leaves nothing behind in its scope", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      for (let count = 0; count < 3; count++) {
        const actor = yield* Scope.provide(Actor.make<Account>()(account), scope)
        yield* actor.stop
        yield* actor.ended
      }
      assert.strictEqual(scope.state._tag, "Empty")
    })
  )

  it.effect("one that was never started is stopped all the same when its scope closes, or before that by hand", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const closed = yield* Scope.provide(Actor.prepare<Account>()(account), scope)
      yield* Scope.close(scope, Exit.void)
      const stopped = yield* Actor.prepare<Account>()(account)
      yield* stopped.actor.stop
      for (const { actor, start } of [closed, stopped]) {
        yield* actor.ended
        const error = yield* Effect.flip(Transport.call(actor, "Deposit", 1))
        assert.deepInclude(error, { _tag: "ActorStopped", handled: "no" })
        assert.deepInclude(yield* Effect.flip(start), { _tag: "ActorNotStarted" })
      }
    })
  )

  it.effect("stopped in order, it handles what it has accepted, and nothing after", () =>
    Effect.gen(function* () {
      const account = yield* make
      const gate = yield* Deferred.make<void>()
      yield* Effect.forkChild(Transport.call(account, "Wait", gate))
      yield* Effect.yieldNow
      const accepted = yield* Effect.forEach([1, 2, 3], (amount) =>
        Effect.forkChild(Transport.call(account, "Deposit", amount))
      )
      yield* Effect.yieldNow
      const stopping = yield* Effect.forkChild(account.stop)
      yield* Effect.yieldNow
      const late = yield* Effect.flip(Transport.call(account, "Deposit", 4))
      assert.deepInclude(late, { _tag: "ActorStopped", handled: "no" })
      yield* Deferred.succeed(gate, undefined)
      assert.deepStrictEqual(yield* Effect.forEach(accepted, Fiber.join), [1, 3, 6])
      yield* Fiber.join(stopping)
      yield* account.ended
      yield* account.stop
    })
  )

  it.effect.each([false, true])(
    "stopped in its own handler it does not wait for itself (in a fiber of its own: %s)",
    (forks) =>
      Effect.gen(function* () {
        const { actor, start } = yield* Actor.prepare<{ Stop: { payload: void; success: string; error: never } }>()({
          kind: "quitter",
          capacity: 4,
          init: () => Effect.succeed({ requests: { Stop: () => Effect.as(stop, "stopping") } })
        })
        const stop: Effect.Effect<void> = Effect.suspend(() =>
          forks ? Effect.asVoid(Effect.all([actor.stop, Effect.void], { concurrency: 2 })) : actor.stop
        )
        yield* start
        assert.strictEqual(yield* Transport.call(actor, "Stop", undefined), "stopping")
        yield* actor.ended
      })
  )

  it.effect("stopped by a fiber that lives on without its handler, it is waited for", () =>
    Effect.gen(function* () {
      const events: Array<string> = []
      const asked = yield* Deferred.make<void>()
      const { actor, start } = yield* Actor.prepare<{
        Begin: { payload: void; success: Fiber.Fiber<void>; error: never }
        Work: { payload: void; success: void; error: never }
      }>()({
        kind: "quitter",
        capacity: 4,
        init: () =>
          Effect.succeed({
            requests: {
              Begin: () =>
                Detached.fork(
                  Deferred.await(asked).pipe(
                    Effect.andThen(stop),
                    Effect.andThen(Effect.sync(() => void events.push("stopped")))
                  )
                ),
              Work: () =>
                Effect.andThen(
                  Effect.sleep(1),
                  Effect.sync(() => void events.push("worked"))
                )
            }
          })
      })
      const stop: Effect.Effect<void> = Effect.suspend(() => actor.stop)
      yield* start
      const stopping = yield* Transport.call(actor, "Begin", undefined)
      yield* Transport.cast(actor, "Work", undefined)
      yield* Deferred.succeed(asked, undefined)
      yield* TestClock.adjust(1)
      yield* Fiber.join(stopping)
      assert.deepStrictEqual(events, ["worked", "stopped"])
    })
  )

  it.effect("when it ends, casts that wait for room are refused; those it had accepted are counted and logged", () => {
    const logged: Array<unknown> = []
    const logger = Logger.make(({ message }) => void logged.push(message))
    return Effect.gen(function* () {
      const scope = yield* Scope.make()
      const gate = yield* Deferred.make<void>()
      const actor = yield* Scope.provide(
        Actor.make<Account, "stop">()({
          ...account,
          capacity: 2,
          init: () => Effect.map(behavior, ({ requests }) => ({ requests, message: () => Effect.never }))
        }),
        scope
      )
      yield* Effect.forkChild(Effect.ignore(Transport.call(actor, "Wait", gate)))
      yield* settled
      const casts = yield* Effect.forEach([1, 2, 3, 4], (n) =>
        Effect.forkChild(Effect.exit(Transport.cast(actor, "Note", n)))
      )
      yield* settled
      yield* Scope.close(scope, Exit.void)
      const exits = yield* Effect.forEach(casts, Fiber.join)
      assert.deepStrictEqual(exits.map(Exit.isSuccess), [true, true, false, false])
      for (const exit of exits.slice(2)) {
        assert.deepInclude(Option.getOrThrow(Exit.findErrorOption(exit)), { _tag: "ActorStopped", handled: "no" })
      }
      assert.strictEqual((yield* Metric.value(Metrics.unhandled("account"))).count, 2)
      assert.deepStrictEqual(logged, [
        ["the account ended before it handled 2 messages that it had accepted", { Note: 2 }]
      ])
    }).pipe(
      Effect.provideService(Metric.MetricRegistry, new Map()),
      Effect.provideService(References.MinimumLogLevel, "Debug"),
      Effect.provide(Logger.layer([logger]))
    )
  })

  it.effect("it can stop itself, after what is in its mailbox; what it acquired is released", () =>
    Effect.gen(function* () {
      const log: Array<string> = []
      const actor = yield* Actor.make<Account, "enough">()({
        kind: "account",
        capacity: 4,
        init: (self) =>
          Effect.gen(function* () {
            yield* Effect.addFinalizer(() => Effect.sync(() => void log.push("released")))
            const { requests } = yield* behavior
            return {
              requests: { ...requests, Note: (n: number) => Effect.sync(() => void log.push(String(n))) },
              message: () => self.stop
            }
          })
      })
      yield* Transport.send(actor.mailbox, "enough")
      yield* Transport.cast(actor, "Note", 1)
      yield* Transport.cast(actor, "Note", 2)
      yield* actor.ended
      assert.deepStrictEqual(log, ["1", "2", "released"])
    })
  )
})

describe("an actor's supervision", () => {
  const counting = (supervision?: Supervision.Supervision) => {
    const log: Array<string> = []
    let lives = 0
    const make = Actor.make<Account>()({
      ...account,
      ...(supervision === undefined ? undefined : { supervision }),
      init: () =>
        Effect.gen(function* () {
          const life = ++lives
          log.push(`${life} begins`)
          yield* Effect.addFinalizer(() => Effect.sync(() => void log.push(`${life} ends`)))
          return yield* behavior
        })
    })
    return { log, make }
  }

  it.effect("by default it is started anew: without its state, but with its mailbox", () =>
    Effect.gen(function* () {
      const { log, make } = counting()
      const account = yield* make
      assert.strictEqual(yield* Transport.call(account, "Deposit", 5), 5)
      const [died, next] = yield* Effect.all(
        [
          Effect.forkChild(Effect.flip(Transport.call(account, "Break", undefined))),
          Effect.forkChild(Transport.call(account, "Deposit", 1))
        ],
        { concurrency: 1 }
      )
      assert.deepInclude(yield* Fiber.join(died), { _tag: "ActorDied", handled: "maybe", cause: "broken" })
      yield* TestClock.adjust("9 millis")
      assert.deepStrictEqual(log, ["1 begins", "1 ends"])
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* Fiber.join(next), 1)
      assert.deepStrictEqual(log, ["1 begins", "1 ends", "2 begins"])
    })
  )

  it.effect("beyond the intensity it ends; who waits, and who comes later, is told the cause", () =>
    Effect.gen(function* () {
      const { log, make } = counting(
        Supervision.restart({ schedule: Schedule.forever, intensity: { times: 2, within: "1 second" } })
      )
      const account = yield* make
      for (let death = 0; death < 3; death++) yield* Transport.cast(account, "Break", undefined)
      const waiting = yield* Effect.forkChild(Effect.flip(Transport.call(account, "Deposit", 1)))
      assert.deepInclude(yield* Effect.flip(account.ended), { _tag: "ActorDied", cause: "broken" })
      assert.deepInclude(yield* Fiber.join(waiting), {
        _tag: "ActorDied",
        request: "Deposit",
        handled: "no",
        cause: "broken"
      })
      const late = yield* Effect.flip(Transport.call(account, "Deposit", 1))
      assert.deepInclude(late, { _tag: "ActorDied", handled: "no", cause: "broken" })
      assert.deepStrictEqual(
        log.filter((line) => line.endsWith("begins")),
        ["1 begins", "2 begins", "3 begins"]
      )
    })
  )

  it.effect("deaths that are far enough apart never end it", () =>
    Effect.gen(function* () {
      const { make } = counting(
        Supervision.restart({ schedule: Schedule.forever, intensity: { times: 1, within: "1 second" } })
      )
      const account = yield* make
      for (let death = 0; death < 20; death++) {
        yield* Transport.cast(account, "Break", undefined)
        yield* TestClock.adjust("1 second")
      }
      assert.strictEqual(yield* Transport.call(account, "Deposit", 1), 1)
    })
  )

  it.effect("the schedule says when, and when no more; after a quiet time it begins again", () =>
    Effect.gen(function* () {
      const { log, make } = counting(
        Supervision.restart({
          schedule: Schedule.exponential("1 second").pipe(Schedule.upTo({ times: 2 })),
          intensity: { times: 100, within: "1 minute" }
        })
      )
      const account = yield* make
      const lives = () => log.filter((line) => line.endsWith("begins")).length
      const dieAndWait = (wait: Duration.Input) =>
        Effect.andThen(Transport.cast(account, "Break", undefined), TestClock.adjust(wait))
      yield* dieAndWait("1 second")
      assert.strictEqual(lives(), 2)
      yield* dieAndWait("1 second")
      assert.strictEqual(lives(), 2)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(lives(), 3)
      yield* dieAndWait("1 second")
      assert.strictEqual(lives(), 4)
      yield* dieAndWait("2 seconds")
      assert.strictEqual(lives(), 5)
      yield* dieAndWait("1 hour")
      assert.strictEqual((yield* Effect.flip(account.ended))._tag, "ActorDied")
    })
  )

  it.effect("a finalizer that dies too does not keep it from being started anew", () =>
    Effect.gen(function* () {
      let lives = 0
      const actor = yield* Actor.make<Account>()({
        ...account,
        init: () =>
          Effect.andThen(
            Effect.acquireRelease(
              Effect.sync(() => ++lives),
              (life) => (life < 3 ? Effect.die("finalizer") : Effect.void)
            ),
            behavior
          )
      })
      yield* Transport.cast(actor, "Break", undefined)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* Transport.call(actor, "Deposit", 1), 1)
      yield* Transport.cast(actor, "Break", undefined)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(lives, 3)
    })
  )

  it.effect("whatever kills it is logged: a handler's defect, that of the next init, that of a finalizer", () => {
    const logged: Array<string> = []
    const logger = Logger.make(({ cause, message }) => void logged.push(`${String(message)} ${Cause.pretty(cause)}`))
    let lives = 0
    return Effect.gen(function* () {
      const actor = yield* Actor.make<Account>()({
        ...account,
        init: () =>
          Effect.gen(function* () {
            yield* Effect.addFinalizer(() => Effect.die("of the finalizer"))
            if (++lives > 1) return yield* Effect.die("of init")
            return yield* behavior
          })
      })
      yield* Transport.cast(actor, "Break", undefined)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* Effect.flip(actor.ended))._tag, "ActorDied")
      const log = logged.join("\n")
      for (const words of ["broken", "of init", "of the finalizer", "is not started again"]) assert.include(log, words)
    }).pipe(Effect.provide(Logger.layer([logger])))
  })

  it.effect("a handler that is interrupted by itself costs no life", () =>
    Effect.gen(function* () {
      const { log, make } = counting()
      const account = yield* make
      yield* Transport.cast(account, "Note", 1)
      const error = yield* Effect.flip(Transport.call(account, "Interrupt", undefined))
      assert.deepInclude(error, { handled: "maybe", isInterrupted: true })
      assert.match(error.message, /was interrupted while it handled Interrupt: find out/)
      assert.strictEqual(yield* Transport.call(account, "Deposit", 1), 2)
      assert.deepStrictEqual(log, ["1 begins"])
    })
  )

  it.effect.each([
    ["with nothing left, it is not started again", 0, 1],
    ["what is left is handled at once", 2, 2]
  ] as const)("stopped while it waits for its next life: %s", ([, left, lives]) =>
    Effect.gen(function* () {
      const { log, make } = counting(Supervision.restart({ schedule: Schedule.spaced("1 hour") }))
      const account = yield* make
      yield* Transport.cast(account, "Break", undefined)
      yield* Effect.yieldNow
      const calls = yield* Effect.forEach(Array.from({ length: left }), () =>
        Effect.forkChild(Transport.call(account, "Deposit", 1, { timeout: "1 day" }))
      )
      yield* Effect.yieldNow
      yield* account.stop
      assert.deepStrictEqual(
        yield* Effect.forEach(calls, Fiber.join),
        Array.from({ length: left }, (_, n) => n + 1)
      )
      assert.lengthOf(
        log.filter((line) => line.endsWith("begins")),
        lives
      )
    })
  )

  it.effect("stop: the first defect is the last", () =>
    Effect.gen(function* () {
      const { log, make } = counting(Supervision.stop)
      const account = yield* make
      yield* Transport.cast(account, "Break", undefined)
      assert.strictEqual((yield* Effect.flip(account.ended))._tag, "ActorDied")
      assert.deepStrictEqual(log, ["1 begins", "1 ends"])
    })
  )
})

interface Clockwork {
  readonly Set: { readonly payload: number; readonly success: Actor.Timer; readonly error: never }
}

describe("an actor's traces", () => {
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
      // What opens no span does not use it up.
      assert.isUndefined(yield* Transport.call(account, "Where", undefined))
      yield* Effect.provideService(Transport.call(account, "Deposit", 1), Propagation.waits, () => "all" as const)
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

  const clockwork = (policy?: Propagation.Policy) => {
    const ticks: Array<number> = []
    const make = Actor.make<Clockwork, number>()({
      kind: "clockwork",
      capacity: 16,
      ...(policy === undefined ? undefined : { policy }),
      init: (self) =>
        Effect.succeed({
          requests: { Set: (n) => (n < 0 ? self.every("1 second", n) : self.after("1 second", n)) },
          message: (n) =>
            Effect.withSpan(
              Effect.sync(() => void ticks.push(n)),
              "inner"
            )
        })
    })
    return { make, ticks }
  }

  it.effect("timers send it messages, once or again and again, until they are cancelled", () =>
    Effect.gen(function* () {
      const { make, ticks } = clockwork()
      const actor = yield* make
      yield* Transport.call(actor, "Set", 1)
      const often = yield* Transport.call(actor, "Set", -1)
      const cancelled = yield* Transport.call(actor, "Set", 2)
      yield* cancelled.cancel
      yield* TestClock.adjust("3500 millis")
      assert.deepStrictEqual(ticks.toSorted(), [-1, -1, -1, 1])
      yield* often.cancel
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(ticks, 4)
      yield* Transport.call(actor, "Set", -1)
      yield* actor.stop
      yield* TestClock.adjust("1 minute")
      assert.lengthOf(ticks, 4)
    })
  )

  it.effect("timers that have fired, or were cancelled, leave nothing behind", () =>
    Effect.gen(function* () {
      let scope: Scope.Scope | undefined
      const actor = yield* Actor.make<{ Set: { payload: void; success: void; error: never } }, string>()({
        kind: "clockwork",
        capacity: 16,
        init: (self) =>
          Effect.map(Effect.scope, (own) => {
            scope = own
            return {
              requests: {
                Set: () =>
                  Effect.gen(function* () {
                    yield* self.after("1 second", "tick")
                    yield* (yield* self.after("1 second", "cancelled")).cancel
                  })
              },
              message: () => Effect.void
            }
          })
      })
      const finalizers = () => (scope?.state._tag === "Open" ? (scope.state.finalizers?.size ?? 0) : 0)
      for (let times = 0; times < 50; times++) yield* Transport.call(actor, "Set", undefined)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(scope?.state._tag, "Open")
      assert.isAtMost(finalizers(), 2)
    })
  )

  it.effect("an actor that is made in a handler takes the operator's policy, whatever became of the message", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const { make } = clockwork()
      const parent = yield* Actor.make<{
        Make: { payload: Scope.Scope; success: Actor.Actor<Clockwork, number>; error: never }
      }>()({
        kind: "parent",
        capacity: 4,
        init: () => Effect.succeed({ requests: { Make: (scope) => Effect.orDie(Scope.provide(make, scope)) } })
      })
      const scope = yield* Effect.scope
      const child = yield* Transport.call(parent, "Make", scope)
      assert.deepStrictEqual(spans.opened, [])
      yield* Effect.provide(Transport.send(child.mailbox, 1), Sampler.always)
      yield* child.stop
      // Its own sampler is the parent's: what counts is that it would start, and asks.
      assert.strictEqual(asked, 2)
    }).pipe(
      Effect.provideService(Propagation.policy, "start"),
      Effect.provide([Layer.succeed(Sampler.Sampler, { decide: () => (asked++, { probability: 0 }) }), spans.layer])
    )
  })
  let asked = 0

  it.effect("what a timer sent into an earlier life, or before it was cancelled, is not heard any more", () =>
    Effect.gen(function* () {
      const heard: Array<string> = []
      const gate = yield* Deferred.make<void>()
      let lives = 0
      const actor = yield* Actor.make<{ Die: { payload: void; success: void; error: never } }, string>()({
        kind: "clockwork",
        capacity: 16,
        init: (self) =>
          Effect.gen(function* () {
            const life = ++lives
            if (life === 1) {
              yield* self.after("1 second", "of the first life")
              const cancelled = yield* self.after("1 second", "cancelled")
              yield* Effect.forkDetach(Effect.andThen(Deferred.await(gate), cancelled.cancel))
            }
            return {
              requests: { Die: () => Effect.andThen(Effect.sleep("2 seconds"), Effect.die("told to")) },
              message: (text) => Effect.sync(() => void heard.push(text))
            }
          })
      })
      yield* Effect.forkChild(Effect.ignore(Transport.call(actor, "Die", undefined)))
      yield* TestClock.adjust("1 second")
      yield* Deferred.succeed(gate, undefined)
      yield* Transport.send(actor.mailbox, "of somebody else")
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual([lives, heard], [2, ["of somebody else"]])
    })
  )

  it.effect("under start a timer's message begins a trace, with a link to what set the timer", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const { make } = clockwork("start")
      const actor = yield* make
      yield* traced(Transport.call(actor, "Set", 1))
      yield* TestClock.adjust("1 second")
      const [set, tick, inner] = spans.opened
      assert.deepStrictEqual([set?.name, tick?.name, inner?.name], ["actor.call Set", "actor.timer", "inner"])
      assert.isTrue(tick && Option.isNone(tick.parent))
      assert.notStrictEqual(tick?.traceId, TRACE_ID)
      assert.strictEqual(inner?.traceId, tick?.traceId)
      assert.deepStrictEqual(
        tick?.links.map(({ span }: Tracer.SpanLink) => span.spanId),
        [set?.spanId]
      )
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect.each(["continue", "off"] as const)("under %s it is in none", (policy) => {
    const spans = recorder()
    return Effect.gen(function* () {
      const { make, ticks } = clockwork(policy)
      const actor = yield* make
      yield* traced(Transport.call(actor, "Set", 1))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(ticks, [1])
      assert.deepStrictEqual(
        spans.opened.map(({ name }) => name),
        policy === "off" ? [] : ["actor.call Set"]
      )
    }).pipe(Effect.provide(spans.layer))
  })

  it.effect.each([
    ["start", ["actor.message", "inner", "actor.message", "inner"]],
    ["continue", ["actor.message", "inner"]],
    ["off", []]
  ] as const)("policy %s, of the fiber in which it is made", ([policy, names]) => {
    const spans = recorder()
    return Effect.gen(function* () {
      const { make, ticks } = clockwork()
      const actor = yield* Effect.provideService(make, Propagation.policy, policy)
      yield* Transport.send(actor.mailbox, 1)
      yield* traced(Transport.send(actor.mailbox, 2))
      yield* actor.stop
      assert.deepStrictEqual(ticks, [1, 2])
      assert.deepStrictEqual(
        spans.opened.map(({ name }) => name),
        Array.from(names)
      )
    }).pipe(Effect.provide(spans.layer))
  })
})

describe("whatever happens", () => {
  const Step = Schema.Union([
    Schema.Struct({
      _tag: Schema.tag("Call"),
      takes: Schema.Literals([0, 5, 50]),
      isLater: Schema.Boolean,
      patience: Schema.Literals([10, 1000])
    }),
    Schema.Struct({ _tag: Schema.tag("Cast"), takes: Schema.Literals([0, 5, 50]), isLater: Schema.Boolean }),
    Schema.Struct({ _tag: Schema.tag("Die") }),
    Schema.Struct({ _tag: Schema.tag("Pass"), millis: Schema.Literals([1, 7, 30]) }),
    Schema.Struct({ _tag: Schema.tag("Yield") })
  ])
  const Steps = Schema.Array(Step).check(Schema.isMaxLength(40))
  const Ends = Schema.Literals(["stop", "close", "none"])
  const Strategies = Schema.Literals(["resume", "restart", "stop"])

  interface Worker {
    readonly Work: {
      readonly payload: readonly [id: number, takes: number, isLater: boolean]
      readonly success: void
      readonly error: never
    }
    readonly Die: { readonly payload: void; readonly success: void; readonly error: never }
  }

  it.effect.prop(
    "every call has one answer, and it is true of what was handled; casts are handled, refused or counted",
    [Steps, Ends, Strategies],
    ([steps, ending, strategy]) =>
      Effect.gen(function* () {
        const begun: Array<number> = []
        const done: Array<number> = []
        const scope = yield* Scope.make()
        const supervision = {
          resume: Supervision.resume,
          restart: Supervision.restart({ intensity: { times: 2, within: "10 seconds" } }),
          stop: Supervision.stop
        }[strategy]
        const actor = yield* Actor.make<Worker>()({
          kind: "worker",
          capacity: 3,
          supervision,
          init: () =>
            Effect.succeed({
              requests: {
                Work: ([id, takes, isLater]) =>
                  Effect.suspend(() => {
                    begun.push(id)
                    const finish = Effect.sync(() => void done.push(id))
                    const wait = Effect.sleep(takes)
                    return isLater
                      ? Actor.later(wait, { handled: "maybe", then: () => finish })
                      : Effect.andThen(wait, finish)
                  }),
                Die: () => Effect.die("told to")
              }
            })
        }).pipe(Scope.provide(scope))
        const calls = new Map<number, Fiber.Fiber<Exit.Exit<void, ActorError>>>()
        const casts: Array<Fiber.Fiber<readonly [id: number, isLater: boolean, exit: Exit.Exit<void, ActorError>]>> = []
        let ids = 0
        for (const step of steps) {
          switch (step._tag) {
            case "Call": {
              const id = ids++
              const call = Transport.call(actor, "Work", [id, step.takes, step.isLater], { timeout: step.patience })
              calls.set(id, yield* Effect.forkChild(Effect.exit(call)))
              break
            }
            case "Cast": {
              const id = ids++
              const { isLater, takes } = step
              const cast = Effect.exit(Transport.cast(actor, "Work", [id, takes, isLater]))
              casts.push(yield* Effect.forkChild(Effect.map(cast, (exit) => [id, isLater, exit] as const)))
              break
            }
            case "Die":
              yield* Effect.forkChild(Effect.ignore(Transport.call(actor, "Die", undefined)))
              break
            case "Pass":
              yield* TestClock.adjust(step.millis)
              break
            case "Yield":
              yield* Effect.yieldNow
          }
        }
        if (ending === "stop") yield* Effect.forkChild(actor.stop)
        if (ending === "close") yield* Scope.close(scope, Exit.void)
        yield* TestClock.adjust("1 minute")
        for (const [id, fiber] of calls) {
          const exit = yield* Fiber.join(fiber)
          if (Exit.isSuccess(exit)) {
            assert.include(done, id)
            continue
          }
          const error = Option.getOrThrow(Exit.findErrorOption(exit))
          if (error.handled === "no") assert.notInclude(begun, id)
          else assert.include(begun, id)
        }
        assert.strictEqual(new Set(begun).size, begun.length)
        yield* Scope.close(scope, Exit.void)
        let unhandled = 0
        let unfinished = 0
        for (const fiber of casts) {
          const [id, isLater, exit] = yield* Fiber.join(fiber)
          if (Exit.isFailure(exit)) assert.notInclude(begun, id)
          else if (!begun.includes(id)) unhandled++
          else if (isLater && !done.includes(id)) unfinished++
        }
        const { count } = yield* Metric.value(Metrics.unhandled("worker"))
        assert.isAtLeast(count, unhandled)
        assert.isAtMost(count, unhandled + unfinished)
      }).pipe(Effect.provideService(Metric.MetricRegistry, new Map()))
  )
})
