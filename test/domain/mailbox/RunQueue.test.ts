import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber } from "effect"
import * as Mailbox from "../../../src/domain/Mailbox.ts"
import { MailboxImpl } from "../../../src/domain/mailbox/MailboxImpl.ts"
import { RunQueue, waiter } from "../../../src/domain/mailbox/RunQueue.ts"

/** A run queue whose slices are run by hand. */
const byHand = () => {
  const clock = { now: 0n, monotonicTimeNanosUnsafe: () => clock.now }
  const tasks: Array<() => void> = []
  const dispatcher = { scheduleTask: (task: () => void) => void tasks.push(task), flush: () => {} }
  const runQueue = new RunQueue({ makeDispatcher: () => dispatcher }, clock)
  const slice = (): boolean => {
    const task = tasks.shift()
    task?.()
    return task !== undefined
  }
  const all = () => {
    let slices = 0
    while (slice()) slices++
    return slices
  }
  return { runQueue, slice, all, tasks, clock }
}

describe("RunQueue", () => {
  it("wakes each once, in the order in which they were to be, those too who come meanwhile", () => {
    const { all, runQueue, tasks } = byHand()
    const woken: Array<number> = []
    for (let index = 0; index < 10; index++) {
      runQueue.schedule(
        waiter(() => {
          woken.push(index)
          if (index < 3) runQueue.schedule(waiter(() => void woken.push(100 + index)))
        })
      )
    }
    assert.strictEqual(tasks.length, 1)
    all()
    assert.deepStrictEqual(woken, [...Array.from({ length: 10 }, (_, index) => index), 100, 101, 102])
  })

  it("gives the event loop back after a while, however much is to be woken", () => {
    const { all, clock, runQueue } = byHand()
    // A microsecond each, and a run is a thousand.
    for (let index = 0; index < 40_000; index++) runQueue.schedule(waiter(() => void (clock.now += 1_000n)))
    assert.isAtLeast(all(), 39)
  })

  it("gives the event loop back after a while, however much one of them does", () => {
    const { all, clock, runQueue } = byHand()
    // A millisecond each.
    const slow = waiter(() => void (clock.now += 1_000_000n))
    for (let index = 0; index < 10; index++) runQueue.schedule(slow)
    assert.strictEqual(all(), 10)
  })

  it("gives the event loop back after a while, however much waits in one mailbox", () => {
    const { all, clock, runQueue } = byHand()
    const mailbox = new MailboxImpl<number, never>(1_000, "suspend", runQueue)
    for (let index = 0; index < 1_000; index++) mailbox.offerUnsafe(index)
    // A tenth of a millisecond each: 64 of them are looked at together.
    Effect.runFork(Mailbox.consume(mailbox, () => void (clock.now += 100_000n)))
    assert.closeTo(all(), 1_000 / 64, 2)
    assert.strictEqual(mailbox.length, 0)
  })

  it("gives the event loop back where the clock stands still", () => {
    const { runQueue, slice } = byHand()
    let woken = 0
    const forever = waiter(() => void (++woken < 1_000_000 && runQueue.schedule(forever)))
    runQueue.schedule(forever)
    assert.isTrue(slice())
    assert.isBelow(woken, 1_000_000)
    assert.isTrue(slice())
  })

  it("gives the event loop back after a while, however many fibers take messages that take long", () => {
    const { all, clock, runQueue } = byHand()
    for (let index = 0; index < 10; index++) {
      const mailbox = new MailboxImpl<number, never>(1, "suspend", runQueue)
      // A millisecond each.
      Effect.runFork(Effect.map(mailbox.take(), () => void (clock.now += 1_000_000n)))
      mailbox.offerUnsafe(index)
    }
    assert.strictEqual(all(), 10)
  })

  it("a scheduler may run what it is given at once", () => {
    const dispatcher = { scheduleTask: (task: () => void) => task(), flush: () => {} }
    const runQueue = new RunQueue({ makeDispatcher: () => dispatcher }, { monotonicTimeNanosUnsafe: () => 0n })
    const mailbox = new MailboxImpl<number, never>(1, "suspend", runQueue)
    const taken: Array<number> = []
    Effect.runFork(Mailbox.consume(mailbox, (message) => void taken.push(message)))
    for (const message of [1, 2, 3]) assert.isTrue(mailbox.offerUnsafe(message))
    assert.deepStrictEqual(taken, [1, 2, 3])
  })

  it("what one waiter throws is not the next one's affair", () => {
    const { all, runQueue, slice } = byHand()
    const woken: Array<string> = []
    runQueue.schedule(waiter(() => void woken.push("before")))
    runQueue.schedule(
      waiter(() => {
        throw new Error("thrown")
      })
    )
    runQueue.schedule(waiter(() => void woken.push("after")))
    assert.throws(slice, "thrown")
    all()
    assert.deepStrictEqual(woken, ["before", "after"])
  })

  it("flushes when nothing is left to be woken, or after a while when something always is", () => {
    const { runQueue, slice } = byHand()
    const log: Array<string> = []
    const flushable = waiter(() => void log.push("flushed"))
    runQueue.schedule(waiter(() => void log.push("woken")))
    runQueue.gather(flushable)
    slice()
    assert.deepStrictEqual(log, ["woken", "flushed"])

    const forever = waiter(() => runQueue.schedule(forever))
    runQueue.schedule(forever)
    runQueue.gather(flushable)
    let slices = 0
    while (log.length < 3 && slices < 100) {
      slice()
      slices++
    }
    assert.isAbove(slices, 1)
    assert.isBelow(slices, 20)
  })

  it("what gathers while it flushes is flushed too", () => {
    const { all, runQueue } = byHand()
    const log: Array<string> = []
    runQueue.gather(
      waiter(() => {
        log.push("first")
        runQueue.gather(waiter(() => void log.push("second")))
      })
    )
    all()
    assert.deepStrictEqual(log, ["first", "second"])
  })

  it.effect("long fan-outs take turns; one that is given up loses its own only", () =>
    Effect.gen(function* () {
      const { all, runQueue } = byHand()
      const order: Array<string> = []
      const fanOut = (name: string) =>
        Effect.forEach(
          [1, 2, 3],
          (slice) =>
            Effect.andThen(
              Effect.sync(() => void order.push(`${name}${slice}`)),
              runQueue.turn
            ),
          { discard: true }
        )
      const first = yield* Effect.forkScoped(fanOut("a"), { startImmediately: true })
      const second = yield* Effect.forkScoped(fanOut("b"), { startImmediately: true })
      const third = yield* Effect.forkScoped(fanOut("c"), { startImmediately: true })
      yield* Fiber.interrupt(second)
      all()
      yield* Fiber.join(first)
      yield* Fiber.join(third)
      assert.deepStrictEqual(order, ["a1", "b1", "c1", "a2", "c2", "a3", "c3"])
    })
  )

  it.effect("messages are handed over until the run has had its time, to those of its own only", () =>
    Effect.gen(function* () {
      const { all, clock, runQueue } = byHand()
      const idle = (own: RunQueue, millis: bigint) => {
        const mailbox = new MailboxImpl<number, never>(1, "dropping", own)
        mailbox.onReady({ isQuick: true, accept: () => void (clock.now += millis * 1_000_000n), wake: () => 1 })
        return mailbox
      }
      const handedTo = (mailboxes: ReadonlyArray<MailboxImpl<number, never>>) => {
        let handed = 0
        const serve = () => {
          for (const mailbox of mailboxes) if (mailbox.transferUnsafe(1)) handed++
          return Effect.void
        }
        return Effect.as(runQueue.serve(serve), () => handed)
      }
      const several = (own: RunQueue, millis: bigint) => Array.from({ length: 300 }, () => idle(own, millis))
      const asked = yield* Effect.forEach(
        [several(runQueue, 0n), several(runQueue, 1n), several(byHand().runQueue, 0n)],
        (mailboxes) => Effect.forkScoped(handedTo(mailboxes), { startImmediately: true })
      )
      all()
      const counts = yield* Effect.forEach(asked, (fiber) => Effect.map(Fiber.join(fiber), (count) => count()))
      const [quick = 0, slow = 0, others] = counts
      assert.strictEqual(quick, 300)
      assert.isAtMost(slow, 64)
      assert.strictEqual(others, 0)
    })
  )

  it.effect("does what is to be done at a place in the line, but not what was given up", () =>
    Effect.gen(function* () {
      const { all, runQueue } = byHand()
      const done: Array<string> = []
      const work = (name: string) => {
        const served = runQueue.serve(() => {
          done.push(name)
          if (name === "throws") throw new Error(name)
          return name === "goes on" ? Effect.sync(() => void done.push("and on")) : Effect.void
        })
        return Effect.forkScoped(served, { startImmediately: true })
      }
      const first = yield* work("first")
      const givenUp = yield* work("given up")
      const throws = yield* work("throws")
      const goesOn = yield* work("goes on")
      const last = yield* work("last")
      yield* Fiber.interrupt(givenUp)
      assert.deepStrictEqual(done, [])
      all()
      yield* Fiber.join(first)
      assert.isTrue(Exit.hasDies(yield* Fiber.await(throws)))
      yield* Fiber.join(goesOn)
      yield* Fiber.join(last)
      assert.deepStrictEqual(done, ["first", "throws", "goes on", "and on", "last"])
    })
  )
})
