/** Requests that are answered later: the actor goes on meanwhile, and no caller is told anything but the truth. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import * as Supervision from "../../../src/domain/Supervision.ts"
import * as Actor from "../../../src/programs/Actor.ts"
import * as Transport from "../../../src/programs/Transport.ts"
import { recorder, traced } from "../../support/tracing.ts"

interface Job {
  readonly name: string
  /** What the job waits for, in this order. */
  readonly gates: ReadonlyArray<Deferred.Deferred<void>>
  readonly handled?: "no" | "maybe"
  readonly ends?: "fail" | "die"
}

interface Worker {
  readonly Do: { readonly payload: Job; readonly success: string; readonly error: "failed" }
  readonly Log: { readonly payload: void; readonly success: ReadonlyArray<string>; readonly error: never }
  readonly Break: { readonly payload: void; readonly success: never; readonly error: never }
}

/** `log` has what jobs did in the actor's turns, `over` the jobs of which nothing is left. */
const make = (options: {
  readonly supervision?: Supervision.Supervision
  readonly grace?: "1 second"
  readonly capacity?: number
  readonly over?: Array<string>
}) => {
  const log: Array<string> = []
  const over = options.over ?? []
  return Actor.make<Worker>()({
    kind: "worker",
    capacity: options.capacity ?? 16,
    supervision: options.supervision ?? Supervision.resume,
    ...(options.grace === undefined ? undefined : { grace: options.grace }),
    init: () =>
      Effect.succeed({
        requests: {
          Do: ({ ends, gates, handled = "maybe", name }: Job) => {
            const step = (left: Job["gates"]): Effect.Effect<string | Actor.Later<string, "failed">, "failed"> =>
              Effect.suspend(() => {
                const [gate, ...others] = left
                if (gate !== undefined) return Actor.later(Deferred.await(gate), { handled, then: () => step(others) })
                log.push(name)
                if (ends === "die") return Effect.die("broken")
                return ends === "fail" ? Effect.fail("failed" as const) : Effect.succeed(name)
              })
            return Effect.map(step(gates), (reply) =>
              Actor.isLater(reply) ? reply.ensuring(() => void over.push(name)) : reply
            )
          },
          Log: () => Effect.sync(() => log.slice()),
          Break: () => Effect.die("broken")
        }
      })
  })
}

const gate = Effect.sync(() => Deferred.makeUnsafe<void>())
const open = (one: Deferred.Deferred<void>) => Deferred.succeed(one, undefined)
const parked = Effect.replicateEffect(Effect.yieldNow, 10, { discard: true })

describe("Actor.later", () => {
  it.effect("the actor handles other requests while one waits, and answers it afterwards", () =>
    Effect.gen(function* () {
      const worker = yield* make({})
      const one = yield* gate
      const other = yield* gate
      const slow = yield* Effect.forkChild(Transport.call(worker, "Do", { name: "slow", gates: [one, other] }))
      yield* parked
      assert.strictEqual(yield* Transport.call(worker, "Do", { name: "quick", gates: [] }), "quick")
      yield* open(one)
      yield* parked
      assert.deepStrictEqual(yield* Transport.call(worker, "Log", undefined), ["quick"])
      yield* open(other)
      assert.strictEqual(yield* Fiber.join(slow), "slow")
      assert.deepStrictEqual(yield* Transport.call(worker, "Log", undefined), ["quick", "slow"])
    }).pipe(Effect.scoped)
  )

  it.effect.prop(
    "whatever waits for whatever, each request is answered once, as it ended, and is over once",
    [
      Schema.Array(
        Schema.Struct({
          gates: Schema.Array(Schema.Literals([0, 1, 2, 3])),
          ends: Schema.Literals(["succeed", "fail", "die"])
        })
      ),
      Schema.Array(Schema.Literals([0, 1, 2, 3]))
    ],
    ([jobs, order]) =>
      Effect.gen(function* () {
        const over: Array<string> = []
        // Where the mailbox is full, nothing wakes the actor but what lies there.
        const worker = yield* make({ over, capacity: 1 })
        const gates = yield* Effect.replicateEffect(gate, 4)
        const answers = yield* Effect.forkChild(
          Effect.forEach(
            jobs,
            ({ ends, gates: which }, index) =>
              Effect.exit(
                Transport.call(worker, "Do", {
                  name: String(index),
                  gates: which.flatMap((at) => gates[at] ?? []),
                  ...(ends === "succeed" ? undefined : { ends })
                })
              ),
            { concurrency: "unbounded" }
          )
        )
        for (const at of [...order, 0, 1, 2, 3]) {
          yield* parked
          const next = gates[at]
          if (next !== undefined) yield* open(next)
        }
        const exits = yield* Fiber.join(answers)
        for (const [index, { ends }] of jobs.entries()) {
          const exit = exits[index]
          const expected = ends === "succeed" ? String(index) : ends === "fail" ? "failed" : "ActorDied"
          const said =
            exit === undefined
              ? undefined
              : yield* Effect.match(exit, {
                  onSuccess: (name) => name,
                  onFailure: (error) => (typeof error === "string" ? error : error._tag)
                })
          assert.strictEqual(said, expected)
        }
        assert.strictEqual(new Set(over).size, over.length)
        const log = yield* Transport.call(worker, "Log", undefined)
        assert.strictEqual(log.length, jobs.length)
      }).pipe(Effect.scoped),
    { arbitrary: { runs: 60, size: 20 } }
  )

  it.effect("however many requests wait again and again, others have their turn", () =>
    Effect.gen(function* () {
      interface Polling {
        readonly Poll: { readonly payload: void; readonly success: void; readonly error: never }
        readonly Polls: { readonly payload: void; readonly success: number; readonly error: never }
      }
      let polls = 0
      const poll = (): Effect.Effect<void | Actor.Later<void, never>> =>
        Actor.later(Effect.yieldNow, {
          handled: "maybe",
          then: () => Effect.suspend(() => (++polls < 50_000 ? poll() : Effect.void))
        })
      const polling = yield* Actor.make<Polling>()({
        kind: "polling",
        capacity: 2000,
        init: () => Effect.succeed({ requests: { Poll: poll, Polls: () => Effect.sync(() => polls) } })
      })
      for (let index = 0; index < 1000; index++) yield* Transport.cast(polling, "Poll", undefined)
      assert.isBelow(yield* Transport.call(polling, "Polls", undefined), 5_000)
    }).pipe(Effect.scoped)
  )

  it.effect("who gives up while nothing has happened yet takes the request back", () =>
    Effect.gen(function* () {
      const over: Array<string> = []
      const worker = yield* make({ over })
      const one = yield* gate
      const call = Transport.call(worker, "Do", { name: "slow", gates: [one], handled: "no" }, { timeout: "1 second" })
      const slow = yield* Effect.forkChild(Effect.flip(call))
      yield* parked
      yield* TestClock.adjust("1 second")
      const error = yield* Fiber.join(slow)
      assert.deepInclude(error, { _tag: "CallTimedOut", handled: "no" })
      yield* open(one)
      yield* parked
      assert.deepStrictEqual(yield* Transport.call(worker, "Log", undefined), [])
      assert.deepStrictEqual(over, ["slow"])
    }).pipe(Effect.scoped)
  )

  it.effect("who gives up while it may have had an effect is told so, and it is gone on with", () =>
    Effect.gen(function* () {
      const worker = yield* make({})
      const one = yield* gate
      const call = Transport.call(worker, "Do", { name: "slow", gates: [one] }, { timeout: "1 second" })
      const slow = yield* Effect.forkChild(Effect.flip(call))
      yield* parked
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* Fiber.join(slow), { _tag: "CallTimedOut", handled: "maybe" })
      yield* open(one)
      yield* parked
      assert.deepStrictEqual(yield* Transport.call(worker, "Log", undefined), ["slow"])
    }).pipe(Effect.scoped)
  )

  it.effect("an actor that is stopped goes on with all that waits, and takes nothing more", () =>
    Effect.gen(function* () {
      const worker = yield* make({})
      const one = yield* gate
      const slow = yield* Effect.forkChild(Transport.call(worker, "Do", { name: "slow", gates: [one] }))
      yield* parked
      const stopping = yield* Effect.forkChild(worker.stop)
      yield* parked
      assert.strictEqual((yield* Effect.flip(Transport.call(worker, "Log", undefined)))._tag, "ActorStopped")
      assert.isUndefined(stopping.pollUnsafe())
      yield* open(one)
      assert.strictEqual(yield* Fiber.join(slow), "slow")
      yield* Fiber.join(stopping)
    }).pipe(Effect.scoped)
  )

  it.effect("when the scope closes, callers are told whether theirs may have had an effect", () =>
    Effect.gen(function* () {
      const over: Array<string> = []
      const scope = yield* Scope.make()
      const worker = yield* Scope.provide(make({ over }), scope)
      const one = yield* gate
      const ask = (name: string, handled: "no" | "maybe") =>
        Effect.forkChild(Effect.flip(Transport.call(worker, "Do", { name, gates: [one], handled })))
      const begun = yield* ask("begun", "maybe")
      const waiting = yield* ask("waiting", "no")
      yield* parked
      yield* Scope.close(scope, Exit.void)
      assert.deepInclude(yield* Fiber.join(begun), { _tag: "ActorStopped", handled: "maybe" })
      assert.deepInclude(yield* Fiber.join(waiting), { _tag: "ActorStopped", handled: "no" })
      assert.sameMembers(over, ["begun", "waiting"])
    })
  )

  it.effect("with grace, what may have had an effect is finished first, as far as that goes", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const worker = yield* Scope.provide(make({ grace: "1 second" }), scope)
      const one = yield* gate
      const never = yield* gate
      const ask = (job: Job) => Effect.forkChild(Effect.result(Transport.call(worker, "Do", job)))
      const begun = yield* ask({ name: "begun", gates: [one] })
      const waiting = yield* ask({ name: "waiting", gates: [one], handled: "no" })
      const hanging = yield* ask({ name: "hanging", gates: [never] })
      yield* parked
      const closing = yield* Effect.forkChild(Scope.close(scope, Exit.void))
      yield* parked
      yield* open(one)
      assert.deepInclude(yield* Fiber.join(begun), { _tag: "Success", success: "begun" })
      assert.deepInclude(yield* Effect.flip(Effect.fromResult(yield* Fiber.join(waiting))), {
        _tag: "ActorStopped",
        handled: "no"
      })
      yield* TestClock.adjust("1 second")
      yield* Fiber.join(closing)
      assert.deepInclude(yield* Effect.flip(Effect.fromResult(yield* Fiber.join(hanging))), {
        _tag: "ActorStopped",
        handled: "maybe"
      })
    })
  )

  it.effect("an actor that dies takes along what waits, and says so", () =>
    Effect.gen(function* () {
      const over: Array<string> = []
      const worker = yield* make({ over, supervision: Supervision.restart() })
      const one = yield* gate
      const ask = (name: string, handled: "no" | "maybe") =>
        Effect.forkChild(Effect.flip(Transport.call(worker, "Do", { name, gates: [one], handled })))
      const begun = yield* ask("begun", "maybe")
      const waiting = yield* ask("waiting", "no")
      yield* parked
      assert.strictEqual((yield* Effect.flip(Transport.call(worker, "Break", undefined)))._tag, "ActorDied")
      assert.deepInclude(yield* Fiber.join(begun), { _tag: "ActorDied", handled: "maybe" })
      assert.deepInclude(yield* Fiber.join(waiting), { _tag: "ActorDied", handled: "no" })
      assert.sameMembers(over, ["begun", "waiting"])
    }).pipe(Effect.scoped)
  )

  it.effect("an actor that dies as it goes on with a request handles the next message in its next life", () =>
    Effect.gen(function* () {
      const worker = yield* make({ supervision: Supervision.restart() })
      const one = yield* gate
      const dying = yield* Effect.forkChild(
        Effect.flip(Transport.call(worker, "Do", { name: "dying", gates: [one], ends: "die" }))
      )
      yield* parked
      // It lies in the mailbox when the other becomes ready.
      const next = yield* Effect.forkChild(Effect.exit(Transport.call(worker, "Do", { name: "next", gates: [] })), {
        startImmediately: true
      })
      yield* open(one)
      yield* parked
      yield* TestClock.adjust("1 second")
      assert.deepInclude(yield* Fiber.join(dying), { _tag: "ActorDied", handled: "maybe" })
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* Fiber.join(next), Exit.succeed("next"))
    }).pipe(Effect.scoped)
  )

  it.effect("an actor that ends as it goes on with a request says what became of the next message", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const one = yield* gate
      const worker = yield* Actor.make<Worker>()({
        kind: "worker",
        capacity: 16,
        init: () =>
          Effect.succeed({
            requests: {
              Do: ({ gates }: Job) =>
                Actor.later(Effect.forEach(gates, Deferred.await), { handled: "maybe", then: () => Effect.never }),
              Log: () => Effect.succeed([]),
              Break: () => Effect.never
            }
          })
      }).pipe(Scope.provide(scope))
      yield* Effect.forkChild(Effect.exit(Transport.call(worker, "Do", { name: "hanging", gates: [one] })))
      yield* parked
      const next = yield* Effect.forkChild(Effect.flip(Transport.call(worker, "Log", undefined)), {
        startImmediately: true
      })
      yield* open(one)
      yield* parked
      yield* Scope.close(scope, Exit.void)
      yield* parked
      yield* TestClock.adjust("10 seconds")
      assert.deepInclude(yield* Fiber.join(next), { _tag: "ActorStopped", handled: "no" })
    })
  )

  it.effect("the wait is a span of the request's trace, and each span ends once", () => {
    const { layer, opened } = recorder()
    return Effect.gen(function* () {
      const worker = yield* make({})
      const one = yield* gate
      const slow = yield* Effect.forkChild(traced(Transport.call(worker, "Do", { name: "slow", gates: [one] })))
      yield* parked
      assert.deepStrictEqual(
        opened.map(({ name, status }) => [name, status._tag]),
        [
          ["actor.call Do", "Ended"],
          ["actor.wait", "Started"]
        ]
      )
      yield* Transport.call(worker, "Do", { name: "untraced", gates: [] })
      yield* open(one)
      yield* Fiber.join(slow)
      yield* parked
      assert.deepStrictEqual(
        opened.map(({ status }) => status._tag),
        ["Ended", "Ended"]
      )
      assert.strictEqual(opened[1]?.traceId, opened[0]?.traceId)
    }).pipe(Effect.scoped, Effect.provide(layer))
  })
})
