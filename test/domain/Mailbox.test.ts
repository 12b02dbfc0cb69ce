import { assert, describe, it } from "@effect/vitest"
import { Cause, Deferred, Effect, Exit, Fiber, Queue, Scheduler, Schema } from "effect"
import { inspect } from "node:util"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import * as RunQueue from "../../src/domain/mailbox/RunQueue.ts"
import { below, seeded } from "../support/random.ts"
import { settled } from "../support/settled.ts"

/** What mailbox and queue have in common, which is all that the model knows. */
interface Subject {
  readonly offer: (message: number) => Effect.Effect<boolean>
  readonly offerAll: (messages: ReadonlyArray<number>) => Effect.Effect<Array<number>>
  readonly take: Effect.Effect<number, string | Cause.Done>
  readonly takeAll: Effect.Effect<ReadonlyArray<number>, string | Cause.Done>
  readonly size: Effect.Effect<number>
  readonly end: Effect.Effect<boolean>
  readonly fail: Effect.Effect<boolean>
  readonly shutdown: Effect.Effect<boolean>
}

interface Options {
  readonly capacity: number
  readonly strategy: Mailbox.Strategy
}

type E = string | Cause.Done

const mailbox = (options: Options): Effect.Effect<Subject> =>
  Effect.map(Mailbox.make<number, E>(options), (self) => ({
    offer: (message) => Mailbox.offer(self, message),
    offerAll: (messages) => Mailbox.offerAll(self, messages),
    take: Mailbox.take(self),
    takeAll: Mailbox.takeAll(self),
    size: Mailbox.size(self),
    end: Mailbox.end(self),
    fail: Mailbox.failCause(self, Cause.fail("broken")),
    shutdown: Mailbox.shutdown(self)
  }))

const queue = (options: Options): Effect.Effect<Subject> =>
  Effect.map(Queue.make<number, E>(options), (self) => ({
    offer: (message) => Queue.offer(self, message),
    offerAll: (messages) => Queue.offerAll(self, messages),
    take: Queue.take(self),
    takeAll: Queue.takeAll(self),
    size: Queue.size(self),
    end: Queue.end(self),
    fail: Queue.fail(self, "broken"),
    shutdown: Queue.shutdown(self)
  }))

const Step = Schema.Union([
  Schema.Struct({ do: Schema.Literals(["offer", "offer", "take", "take", "takeAll", "size", "settle", "settle"]) }),
  Schema.Struct({
    do: Schema.Literal("offerAll"),
    count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 6 }))
  }),
  Schema.Struct({ do: Schema.Literals(["interrupt consumer", "interrupt producer"]) }),
  Schema.Struct({ do: Schema.Literals(["end", "fail", "shutdown"]), really: Schema.Literals([1, 2, 3, 4, 5]) })
])
type Step = typeof Step.Type

const shown = (exit: Exit.Exit<unknown, unknown>): unknown => {
  if (Exit.isSuccess(exit)) return exit.value
  if (Cause.hasInterrupts(exit.cause)) return "interrupted"
  return String(Cause.squash(exit.cause))
}

/**
 * What a program makes of a subject: what each of its operations came to, by when all had settled. (What a sender's room
 * and an end make known at once is not the same: a queue runs those who wait within the fiber that did it, a mailbox when
 * that has gone on. So they are waited for before a step that depends on it.)
 */
const observed = (make: (options: Options) => Effect.Effect<Subject>, options: Options, steps: ReadonlyArray<Step>) =>
  Effect.scoped(
    Effect.gen(function* () {
      const subject = yield* make(options)
      const log: Array<string> = []
      let now = 0
      let settlings = 0
      const settle = Effect.andThen(
        settled,
        Effect.sync(() => void settlings++)
      )
      let message = 0
      let consumer: Fiber.Fiber<unknown, unknown> | undefined
      const producers: Array<Fiber.Fiber<unknown, unknown>> = []
      const start = Effect.fnUntraced(function* (name: string, effect: Effect.Effect<unknown, unknown>) {
        const operation = `step ${now}, ${name}`
        const fiber = yield* Effect.forkScoped(effect, { startImmediately: true })
        fiber.addObserver((exit) => void log.push(`${settlings}: ${operation}: ${JSON.stringify(shown(exit))}`))
        return fiber
      })
      for (const step of [...steps, { do: "settle" }, { do: "takeAll" }, { do: "settle" }] satisfies Array<Step>) {
        now++
        switch (step.do) {
          case "offer":
            producers.push(yield* start("offer", subject.offer(message++)))
            break
          case "offerAll":
            producers.push(
              yield* start("offerAll", subject.offerAll(Array.from({ length: step.count }, () => message++)))
            )
            break
          case "take":
          case "takeAll":
            if (consumer !== undefined && consumer.pollUnsafe() === undefined) break
            consumer = yield* start(step.do, subject[step.do])
            break
          case "interrupt consumer":
            if (consumer !== undefined) yield* Fiber.interrupt(consumer)
            break
          case "interrupt producer": {
            yield* settle
            const waiting = producers.find((producer) => producer.pollUnsafe() === undefined)
            if (waiting !== undefined) yield* Fiber.interrupt(waiting)
            break
          }
          case "end":
          case "fail":
          case "shutdown":
            // Rarely, or programs would be over before they have begun.
            if (step.really === 1) yield* start(step.do, subject[step.do])
            yield* settle
            break
          case "size":
            yield* start("size", subject.size)
            break
          case "settle":
            yield* settle
        }
      }
      return log.toSorted()
    })
  )

/** Does something at a place in the line. */
const served = <A>(work: () => A): Effect.Effect<A> =>
  Effect.withFiber((fiber) => {
    let done: Array<A> = []
    const serve = () => {
      done = [work()]
      return Effect.void
    }
    return Effect.flatMap(RunQueue.of(fiber).serve(serve), () => Effect.fromNullishOr(done[0]).pipe(Effect.orDie))
  })

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))
const Capacity = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 4 }))
const Strategy = Schema.Literals(["suspend", "dropping", "sliding"])

describe("Mailbox", () => {
  it.effect.prop(
    "does what a Queue does, whatever is done to both",
    [Capacity, Strategy, Schema.Array(Step).check(Schema.isMaxLength(60))],
    ([capacity, strategy, steps]) =>
      Effect.gen(function* () {
        const options = { capacity, strategy }
        assert.deepStrictEqual(yield* observed(mailbox, options, steps), yield* observed(queue, options, steps))
      }),
    { arbitrary: { runs: 6000 } }
  )

  it.effect.prop(
    "a consumer may be interrupted wherever it is: what was accepted is taken once, each sender's messages in order",
    [Seed, Schema.Int.check(Schema.isBetween({ minimum: 4, maximum: 16 })), Capacity],
    ([seed, budget, capacity]) =>
      Effect.gen(function* () {
        const random = seeded(seed)
        const senders = 3
        const each = 20
        const mailbox = yield* Mailbox.make<readonly [sender: number, nth: number]>({ capacity })
        const accepted = new Set<string>()
        const producers = yield* Effect.forEach(Array.from({ length: senders }), (_, sender) =>
          Effect.forkScoped(
            Effect.gen(function* () {
              for (let nth = 0; nth < each; nth++) {
                if (yield* Mailbox.offer(mailbox, [sender, nth])) accepted.add(`${sender}/${nth}`)
                if (random() < 0.3) yield* Effect.yieldNow
              }
            })
          )
        )
        const taken: Array<readonly [sender: number, nth: number]> = []
        const consume = Effect.gen(function* () {
          while (true) {
            if (random() < 0.1) yield* Mailbox.consume(mailbox, (message) => void taken.push(message))
            else if (random() < 0.2) for (const message of yield* Mailbox.takeAll(mailbox)) taken.push(message)
            else taken.push(yield* Mailbox.take(mailbox))
          }
        }).pipe(Effect.provideService(Scheduler.MaxOpsBeforeYield, budget))
        let idle = 0
        while (idle < 50) {
          const before = taken.length
          const consumer = yield* Effect.forkScoped(consume, { startImmediately: random() < 0.5 })
          for (let turns = below(random, 6); turns > 0; turns--) yield* Effect.yieldNow
          yield* Fiber.interrupt(consumer)
          idle = taken.length === before ? idle + 1 : 0
        }
        for (const producer of producers) yield* Fiber.await(producer)
        assert.strictEqual(accepted.size, senders * each)
        assert.deepStrictEqual(new Set(taken.map(([sender, nth]) => `${sender}/${nth}`)), accepted)
        for (let sender = 0; sender < senders; sender++) {
          const own = taken.filter(([from]) => from === sender).map(([, nth]) => nth)
          assert.deepStrictEqual(
            own,
            Array.from({ length: each }, (_, nth) => nth)
          )
        }
      }),
    { arbitrary: { runs: 200 } }
  )

  it.effect("another fiber that takes while one waits dies, and tells why", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>()
      const first = yield* Effect.forkScoped(Mailbox.take(mailbox), { startImmediately: true })
      const second = yield* Effect.exit(Mailbox.take(mailbox))
      assert.isTrue(Exit.hasDies(second))
      yield* Mailbox.offer(mailbox, 1)
      assert.strictEqual(yield* Fiber.join(first), 1)
    })
  )

  it.effect("there is no mailbox for nothing", () =>
    Effect.gen(function* () {
      assert.isTrue(Exit.hasDies(yield* Effect.exit(Mailbox.bounded<number>(0))))
      assert.isTrue(Exit.hasDies(yield* Effect.exit(Mailbox.bounded<number>(Number.NaN))))
    })
  )

  it.effect("who gives way before they wait for room finds what room there is by then", () =>
    Effect.gen(function* () {
      for (let budget = 3; budget < 40; budget++) {
        const mailbox = yield* Mailbox.bounded<string>(1)
        const consumer = yield* Effect.forkScoped(
          Mailbox.consume(mailbox, () => undefined),
          { startImmediately: true }
        )
        const offered = Effect.suspend(() => {
          mailbox.offerUnsafe("another fills it")
          return Mailbox.offer(mailbox, "waits")
        })
        const sender = yield* Effect.forkScoped(
          Effect.provideService(Effect.repeat(offered, { times: 7 }), Scheduler.MaxOpsBeforeYield, budget)
        )
        for (let turn = 0; turn < 300 && sender.pollUnsafe() === undefined; turn++) yield* settled
        assert.isDefined(sender.pollUnsafe(), `with ${budget} operations`)
        yield* Fiber.interrupt(consumer)
      }
    })
  )

  it.effect("can be logged", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>({ capacity: 3, strategy: "sliding" })
      yield* Effect.forkScoped(Mailbox.take(mailbox), { startImmediately: true })
      const shown = { _id: "fanfare/Mailbox", strategy: "sliding", capacity: "3", length: 0, ended: false }
      assert.deepStrictEqual(JSON.parse(JSON.stringify(mailbox)), shown)
      assert.include(inspect(mailbox), "fanfare/Mailbox")
    })
  )

  it.effect("bounded unless said otherwise", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>()
      assert.isTrue(Number.isFinite(mailbox.capacity))
      assert.strictEqual(mailbox.strategy, "suspend")
    })
  )
})

describe("Mailbox.consume", () => {
  it.effect.prop(
    "handles every message once, in order, whether its handler gives an effect or not",
    [Seed],
    ([seed]) =>
      Effect.gen(function* () {
        const random = seeded(seed)
        const mailbox = yield* Mailbox.make<number, Cause.Done>({ capacity: 1 + below(random, 5) })
        const handled: Array<number> = []
        let busy = false
        const begin = () => {
          assert.isFalse(busy, "one message at a time")
          busy = true
        }
        const finish = (message: number) => {
          busy = false
          handled.push(message)
        }
        const fiber = yield* Effect.forkScoped(
          Mailbox.consume(mailbox, (message) => {
            begin()
            const way = random()
            if (way < 0.4) return finish(message)
            if (way < 0.7) return Effect.sync(() => finish(message))
            return Effect.andThen(
              Effect.yieldNow,
              Effect.sync(() => finish(message))
            )
          })
        )
        for (let message = 0; message < 50; message++) {
          const isHandedOver = random() < 0.5 && (yield* served(() => mailbox.transferUnsafe(message)))
          if (!isHandedOver) yield* Mailbox.offer(mailbox, message)
          if (random() < 0.3) yield* settled
        }
        yield* Mailbox.end(mailbox)
        const exit = yield* Fiber.await(fiber)
        assert.strictEqual(shown(exit), shown(Exit.fail(Cause.Done())))
        assert.deepStrictEqual(
          handled,
          Array.from({ length: 50 }, (_, message) => message)
        )
      }),
    { arbitrary: { runs: 100 } }
  )

  it.effect("ends as its handler does, and leaves what it has not begun with", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>()
      yield* Mailbox.offerAll(mailbox, [1, 2, 3, 4, 5])
      const failing = Mailbox.consume(mailbox, (message) => (message === 2 ? Effect.fail("two") : undefined))
      assert.strictEqual(yield* Effect.flip(failing), "two")
      const throwing = Mailbox.consume(mailbox, (message) => {
        if (message === 3) throw new Error("three")
      })
      assert.strictEqual(shown(yield* Effect.exit(throwing)), "Error: three")
      assert.deepStrictEqual(yield* Mailbox.takeAll(mailbox), [4, 5])
    })
  )

  it.effect("dies of what its handler throws, waiting or not; others do not notice", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>()
      const other = yield* Mailbox.make<number>()
      const seen: Array<number> = []
      const throwing = yield* Effect.forkScoped(
        Mailbox.consume(mailbox, (message) => {
          throw new Error(`at ${message}`)
        })
      )
      yield* Effect.forkScoped(Mailbox.consume(other, (message) => void seen.push(message)))
      yield* settled
      Mailbox.offerUnsafe(mailbox, 1)
      Mailbox.offerUnsafe(other, 2)
      assert.strictEqual(shown(yield* Fiber.await(throwing)), "Error: at 1")
      yield* settled
      assert.deepStrictEqual(seen, [2])
    })
  )

  it.effect("is handed messages while it waits and is quick, by what the run queue serves", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<string>()
      const other = yield* Mailbox.make<string>()
      const handled: Array<string> = []
      const handed = (...messages: ReadonlyArray<string>) =>
        served(() => messages.map((message) => mailbox.transferUnsafe(message)))
      assert.deepStrictEqual(yield* handed("nobody is there yet"), [false])
      const fiber = yield* Effect.forkScoped(
        Mailbox.consume(mailbox, (message) => {
          handled.push(message)
          if (message === "a") {
            assert.isFalse(mailbox.transferUnsafe("it is at it"))
            assert.isFalse(other.transferUnsafe("another is at it"))
            mailbox.offerUnsafe("of its own")
          }
          return message.startsWith("slow") ? Effect.yieldNow : undefined
        })
      )
      yield* Effect.forkScoped(Mailbox.consume(other, (message) => void handled.push(message)))
      yield* settled
      assert.deepStrictEqual(yield* handed("nobody knows whether it is quick"), [false])
      Mailbox.offerUnsafe(mailbox, "first")
      Mailbox.offerUnsafe(other, "other")
      yield* settled
      assert.isTrue(mailbox.isIdle && other.isIdle)
      assert.isFalse(mailbox.transferUnsafe("nothing is served"))
      assert.deepStrictEqual(yield* handed("a", "its own is before it"), [true, false])
      yield* settled
      assert.deepStrictEqual(yield* handed("b", "slow", "it is busy"), [true, true, false])
      yield* settled
      assert.isFalse(mailbox.isIdle)
      assert.deepStrictEqual(yield* handed("it was slow"), [false])
      Mailbox.offerUnsafe(mailbox, "last")
      yield* settled
      const afterSlow = () => [mailbox.transferUnsafe("slow too"), other.isIdle, other.transferUnsafe("after it")]
      assert.deepStrictEqual(yield* served(afterSlow), [true, true, false])
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* handed("it is gone"), [false])
      assert.deepStrictEqual(handled, ["first", "other", "a", "of its own", "b", "slow", "last", "slow too"])
    })
  )

  it.effect("dies of what its handler throws at what is handed over, and whoever hands it over does not notice", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>()
      const fiber = yield* Effect.forkScoped(
        Mailbox.consume(mailbox, (message) => {
          if (message > 0) throw new Error(`at ${message}`)
        })
      )
      Mailbox.offerUnsafe(mailbox, 0)
      yield* settled
      assert.isTrue(yield* served(() => mailbox.transferUnsafe(1)))
      assert.strictEqual(shown(yield* Fiber.await(fiber)), "Error: at 1")
      Mailbox.offerUnsafe(mailbox, 2)
      assert.strictEqual(yield* Mailbox.take(mailbox), 2)
    })
  )

  it.effect.prop(
    "handles nothing once its fiber is gone, whoever interrupts it and when",
    [Seed],
    ([seed]) =>
      Effect.gen(function* () {
        const random = seeded(seed)
        const mailbox = yield* Mailbox.make<number>()
        const last = below(random, 20)
        const handled: Array<number> = []
        const fiber: Fiber.Fiber<unknown, unknown> = yield* Effect.forkScoped(
          Mailbox.consume(mailbox, (message): Effect.Effect<void> | void => {
            assert.isUndefined(fiber.pollUnsafe())
            handled.push(message)
            if (message === last) return random() < 0.5 ? fiber.interruptUnsafe() : Effect.interrupt
            return random() < 0.5 ? undefined : Effect.void
          })
        )
        for (let message = 0; message < 20; message++) {
          if (random() < 0.5) yield* settled
          if (random() < 0.5 || !(yield* served(() => mailbox.transferUnsafe(message))))
            Mailbox.offerUnsafe(mailbox, message)
        }
        assert.strictEqual(shown(yield* Fiber.await(fiber)), "interrupted")
        const before = handled.length
        assert.isFalse(yield* served(() => mailbox.transferUnsafe(20)))
        yield* Mailbox.offer(mailbox, 20)
        yield* settled
        assert.strictEqual(handled.length, before)
      }),
    { arbitrary: { runs: 100 } }
  )

  it.effect("one that is interrupted leaves the mailbox to others", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>()
      const fiber = yield* Effect.forkScoped(
        Effect.onInterrupt(
          Mailbox.consume(mailbox, () => undefined),
          // A finalizer takes in the same fiber, for which the loop before it does not wait any more.
          () => Effect.asVoid(Mailbox.take(mailbox))
        ),
        { startImmediately: true }
      )
      fiber.interruptUnsafe()
      yield* Mailbox.offer(mailbox, 1)
      yield* Fiber.await(fiber)
      yield* Mailbox.offer(mailbox, 2)
      assert.strictEqual(yield* Mailbox.take(mailbox), 2)
    })
  )

  it.effect(
    "what was on its way to one that is interrupted is there for the next, also when the mailbox has ended",
    () =>
      Effect.gen(function* () {
        const mailbox = yield* Mailbox.make<number, Cause.Done>()
        const fiber = yield* Effect.forkScoped(
          Mailbox.consume(mailbox, () => undefined),
          { startImmediately: true }
        )
        yield* settled
        Mailbox.offerUnsafe(mailbox, 1)
        fiber.interruptUnsafe()
        yield* Mailbox.end(mailbox)
        assert.deepStrictEqual(yield* Mailbox.collect(mailbox), [1])
      })
  )

  it.effect("one that is interrupted handles nothing while its fiber tidies up", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<number>()
      const tidied = yield* Deferred.make<void>()
      const handled: Array<number> = []
      const fiber = yield* Effect.forkScoped(
        Effect.onInterrupt(
          Mailbox.consume(mailbox, (message) => void handled.push(message)),
          () => Deferred.await(tidied)
        ),
        { startImmediately: true }
      )
      yield* settled
      Mailbox.offerUnsafe(mailbox, 1)
      fiber.interruptUnsafe()
      Mailbox.offerUnsafe(mailbox, 2)
      yield* settled
      assert.deepStrictEqual(handled, [])
      yield* Deferred.succeed(tidied, undefined)
      yield* Fiber.await(fiber)
      assert.deepStrictEqual(yield* Mailbox.takeAll(mailbox), [1, 2])
    })
  )

  it.effect.each(["in passing", "by effects"] as const)(
    "what comes, or ends it, while the loop is about to wait is not left lying, wherever its fiber gives way (handled %s)",
    (way) =>
      Effect.gen(function* () {
        for (let budget = 6; budget < 26; budget++) {
          for (let pause = 0; pause < 30; pause++) {
            const mailbox = yield* Mailbox.make<number, Cause.Done>()
            let handled = 0
            const count = () => void handled++
            const loop = Mailbox.consume(mailbox, (message) =>
              // Now and then an effect of so many operations, so that the fiber gives way here, and here, and here.
              way === "by effects" || message === 0
                ? Effect.asVoid(
                    Effect.repeat(
                      Effect.sync(() => {}),
                      { times: pause }
                    )
                  ).pipe(Effect.andThen(Effect.sync(count)))
                : count()
            )
            const fiber = yield* Effect.forkChild(
              Effect.provideService(Effect.exit(loop), Scheduler.MaxOpsBeforeYield, budget)
            )
            mailbox.offerUnsafe(0)
            // One for each moment; the last has nobody after it who might wake the loop.
            for (let moment = 0; moment < 12; moment++) {
              mailbox.offerUnsafe(1)
              yield* Effect.yieldNow
            }
            for (let turn = 0; turn < 2_000 && handled < 13; turn++) yield* Effect.yieldNow
            assert.strictEqual(handled, 13, `budget ${budget}, pause ${pause}`)
            yield* Mailbox.end(mailbox)
            yield* Fiber.await(fiber)
          }
        }
      })
  )

  it.effect("closed, it gives back what was accepted and refuses those who wait for room", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.bounded<number>(2)
      yield* Mailbox.offerAll(mailbox, [1, 2])
      const waiting = yield* Effect.forkChild(Mailbox.offer(mailbox, 3), { startImmediately: true })
      const several = yield* Effect.forkChild(Mailbox.offerAll(mailbox, [4, 5]), { startImmediately: true })
      assert.deepStrictEqual(yield* Mailbox.close(mailbox), [1, 2])
      assert.isFalse(yield* Fiber.join(waiting))
      assert.deepStrictEqual(yield* Fiber.join(several), [4, 5])
      assert.isFalse(yield* Mailbox.offer(mailbox, 6))
      assert.deepStrictEqual(yield* Mailbox.close(mailbox), [])
    })
  )

  it.effect("actors that always have messages take turns, one message at a time", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const mailboxes = yield* Effect.forEach(["a", "b", "c"], (name) =>
        Effect.gen(function* () {
          const mailbox = yield* Mailbox.make<number>()
          yield* Mailbox.offerAll(mailbox, [1, 2, 3, 4, 5])
          yield* Effect.forkScoped(
            Mailbox.consume(mailbox, (nth) => Effect.sync(() => void order.push(`${name}${nth}`)))
          )
          return mailbox
        })
      )
      while (mailboxes.some(({ length }) => length > 0)) yield* settled
      assert.deepStrictEqual(
        order,
        [1, 2, 3, 4, 5].flatMap((nth) => [`a${nth}`, `b${nth}`, `c${nth}`])
      )
    })
  )

  it.effect("a mailbox that is never empty lets others have their turn", () =>
    Effect.gen(function* () {
      const mailbox = yield* Mailbox.make<void>()
      const done = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkScoped(
        Mailbox.consume(mailbox, () => void Mailbox.offerUnsafe(mailbox, undefined)),
        { startImmediately: true }
      )
      yield* Mailbox.offer(mailbox, undefined)
      yield* Effect.forkScoped(Effect.andThen(settled, Deferred.succeed(done, undefined)))
      yield* Deferred.await(done)
      yield* Fiber.interrupt(fiber)
    })
  )
})
