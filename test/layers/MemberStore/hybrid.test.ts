/** What is true of the hybrid store alone: its threads, and its memory. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Layer, Option, Result, Scope, Stream } from "effect"
import { TestClock } from "effect/testing"
import { readFileSync } from "node:fs"
import { GuildId, RoleId, type UserId } from "../../../src/domain/Ids.ts"
import * as MemberQuery from "../../../src/domain/MemberQuery.ts"
import { type Members, MemberStore } from "../../../src/domain/MemberStore.ts"
import { hybrid, type Options } from "../../../src/layers/MemberStore/hybrid.ts"
import { member, STAFF, userId } from "../../support/community.ts"
import { turns } from "../../support/durable/store.ts"
import * as processes from "../../support/process.ts"

const SILENT = new URL("../../support/scans/silent.ts", import.meta.url)
const SHORT_LIVED = new URL("../../support/scans/shortLived.ts", import.meta.url)

const HANGING = new URL("../../support/scans/hanging.ts", import.meta.url)

const SIZE = 200

/** A guild of a few hundred, all of them in shared memory. */
const crowd = Effect.gen(function* () {
  const members = yield* (yield* MemberStore).open(GuildId.make("1"))
  yield* Effect.forEach(
    Array.from({ length: SIZE }, (_, index) => member(index)),
    members.put,
    { discard: true }
  )
  return members
})

const SMALL: Options = { leafRows: 16, recentChanges: 0, workers: 2 }

/** What no worker survives: what is no number, where a number is needed. */
const deadly = MemberQuery.bearing(RoleId.make("no number", { disableChecks: true }))

describe("MemberStore.hybrid", () => {
  it.effect("a worker that dies fails the scan, and is replaced", () =>
    Effect.gen(function* () {
      const members = yield* crowd
      for (let round = 0; round < 3; round++) {
        const ids = yield* Effect.flip(members.ids(deadly))
        assert.strictEqual(ids._tag, "ScanDied")
        assert.match(ids.message, /guild 1 died .*: try again$/)
        const scan = yield* Effect.flip(Stream.runDrain(members.scan(deadly)))
        assert.strictEqual(scan._tag, "ScanDied")
        assert.strictEqual((yield* members.ids(MemberQuery.everybody)).size, SIZE)
      }
    }).pipe(Effect.scoped, Effect.provide(hybrid(SMALL)))
  )

  it.effect("of the scans of others, those that had no work at a worker that dies do not notice", () =>
    Effect.gen(function* () {
      const members = yield* crowd
      const scans = yield* Effect.all(
        Array.from({ length: 40 }, (_, nth) => Effect.result(members.ids(nth === 20 ? deadly : MemberQuery.everybody))),
        { concurrency: "unbounded" }
      )
      for (const [nth, scan] of scans.entries()) {
        if (Result.isSuccess(scan)) assert.strictEqual(scan.success.size, SIZE)
        else assert.strictEqual(scan.failure._tag, "ScanDied")
        assert.isFalse(nth === 20 && Result.isSuccess(scan))
      }
      assert.isAbove(scans.filter(Result.isSuccess).length, 0)
    }).pipe(Effect.scoped, Effect.provide(hybrid(SMALL)))
  )

  it.effect("a worker is told when a scan is over; where that is the end of it, it is replaced", () =>
    Effect.gen(function* () {
      const members = yield* crowd
      const channel = yield* Effect.acquireRelease(
        Effect.sync(() => new BroadcastChannel("scans/shortLived")),
        (channel) => Effect.sync(() => channel.close())
      )
      for (let round = 0; round < 3; round++) {
        const over = Effect.callback<void>((resume) => {
          channel.onmessage = () => resume(Effect.void)
        })
        const told = yield* Effect.forkChild(over, { startImmediately: true })
        const ids = yield* Effect.eventually(members.ids(MemberQuery.everybody))
        assert.strictEqual(ids.size, SIZE)
        yield* Fiber.join(told)
      }
    }).pipe(Effect.scoped, Effect.provide(hybrid({ ...SMALL, workers: 1, url: SHORT_LIVED })))
  )

  it.effect("a module that cannot be run fails scans, and nothing else", () =>
    Effect.gen(function* () {
      for (const [url, said] of [
        ["file:///nowhere.ts", /Cannot find module/],
        ["https://nowhere", /no thread can be started with/]
      ] as const) {
        yield* Effect.gen(function* () {
          const members = yield* crowd
          const error = yield* Effect.flip(members.ids(MemberQuery.everybody))
          assert.strictEqual(error._tag, "ScanDied")
          assert.match(error.message, said)
          assert.deepStrictEqual(yield* members.get(userId(1)), Option.some(member(1)))
        }).pipe(Effect.scoped, Effect.provide(hybrid({ ...SMALL, url: new URL(url) })))
      }
    })
  )

  it.effect("a scan that takes longer than it may fails, and says so", () =>
    Effect.gen(function* () {
      const members = yield* crowd
      const options = { deadline: "2 seconds" } as const
      for (const scan of [
        Effect.asVoid(members.ids(MemberQuery.everybody, options)),
        Stream.runDrain(members.scan(MemberQuery.everybody, options))
      ]) {
        const fiber = yield* Effect.forkChild(Effect.flip(scan))
        yield* TestClock.adjust("2 seconds")
        const error = yield* Fiber.join(fiber)
        assert.strictEqual(error._tag, "ScanTimedOut")
        assert.include(error.message, "2000 ms")
      }
    }).pipe(Effect.scoped, Effect.provide(hybrid({ ...SMALL, url: SILENT })))
  )

  describe("a worker that hangs", () => {
    const LONG = { deadline: "1 day" } as const
    const hangs = [MemberQuery.bearing(STAFF), MemberQuery.named("nobody")]
    const threads = (members: Members) =>
      Effect.map(members.ids(MemberQuery.everybody, LONG), (ids) => new Set(Array.from(ids, Number)))
    const run = <A, E>(program: Effect.Effect<A, E, MemberStore | Scope.Scope>, workers = 1) =>
      program.pipe(Effect.scoped, Effect.provide(hybrid({ ...SMALL, workers, url: HANGING })))
    /** A guild of one leaf, about which one question is asked. */
    const few = Effect.gen(function* () {
      const members = yield* (yield* MemberStore).open(GuildId.make("2"))
      yield* members.put(member(1))
      return members
    })
    const asked = <A, E>(scan: Effect.Effect<A, E>) =>
      Effect.tap(Effect.forkChild(scan, { startImmediately: true }), () => turns(3))

    it.effect("is ended some time after a scan's deadline, and replaced", () =>
      Effect.gen(function* () {
        const members = yield* crowd
        for (const query of hangs) {
          const [first] = yield* threads(members)
          const late = yield* asked(Effect.flip(members.ids(query, { deadline: "1 second" })))
          yield* TestClock.adjust("1 second")
          assert.strictEqual((yield* Fiber.join(late))._tag, "ScanTimedOut")
          const waiting = yield* asked(threads(members))
          yield* TestClock.adjust("5 seconds")
          const then = yield* Fiber.join(waiting)
          assert.strictEqual(then.size, 1)
          assert.notInclude(then, first)
        }
      }).pipe(run)
    )

    it.effect("is ended some time after nobody wants its answer any more, and nobody asks it from then on", () =>
      Effect.gen(function* () {
        const members = yield* few
        for (const query of hangs) {
          yield* Fiber.interrupt(yield* asked(members.ids(query, LONG)))
          yield* TestClock.adjust("5 seconds")
          assert.strictEqual((yield* threads(members)).size, 1)
        }
      }).pipe(run)
    )

    it.effect("fails whoever waits for another answer there; they may try again", () =>
      Effect.gen(function* () {
        const members = yield* few
        for (const query of hangs) {
          const unwanted = yield* asked(members.ids(query, LONG))
          const other = yield* asked(Effect.flip(threads(members)))
          yield* Fiber.interrupt(unwanted)
          yield* TestClock.adjust("5 seconds")
          const error = yield* Fiber.join(other)
          assert.strictEqual(error._tag, "ScanDied")
          assert.match(error.message, /did not answer any more\): try again$/)
          assert.strictEqual((yield* threads(members)).size, 1)
        }
      }).pipe(run)
    )

    it.effect("does not take others with it", () =>
      Effect.gen(function* () {
        const members = yield* few
        const unwanted = yield* asked(members.ids(MemberQuery.named("nobody"), LONG))
        const other = yield* threads(members)
        yield* Fiber.interrupt(unwanted)
        yield* TestClock.adjust("5 seconds")
        assert.deepStrictEqual(yield* threads(members), other)
      }).pipe((program) => run(program, 2))
    )

    it.effect("is not one whose answers nobody wanted any more", () =>
      Effect.gen(function* () {
        const members = yield* crowd
        const before = yield* threads(members)
        yield* Fiber.interrupt(yield* Effect.forkChild(threads(members), { startImmediately: true }))
        assert.deepStrictEqual(yield* threads(members), before)
        yield* TestClock.adjust("1 hour")
        assert.deepStrictEqual(yield* threads(members), before)
      }).pipe(run)
    )
  })

  it.effect("who takes too long to look at what a scan has found is told so", () =>
    Effect.gen(function* () {
      const members = yield* crowd
      const error = yield* members.scan(MemberQuery.everybody).pipe(
        Stream.rechunk(1),
        Stream.tap(() => TestClock.adjust("1 second")),
        Stream.runDrain,
        Effect.flip
      )
      assert.strictEqual(error._tag, "ScanTimedOut")
    }).pipe(Effect.scoped, Effect.provide(hybrid(SMALL)))
  )

  it.effect("a scan that is interrupted ends at once, whatever its workers are at", () =>
    Effect.gen(function* () {
      const members = yield* crowd
      for (const scan of [
        Effect.asVoid(members.ids(MemberQuery.everybody)),
        Stream.runDrain(members.scan(MemberQuery.everybody))
      ]) {
        const fiber = yield* Effect.forkChild(scan, { startImmediately: true })
        yield* Effect.yieldNow
        yield* Fiber.interrupt(fiber)
      }
      yield* members.put(member(SIZE))
      assert.strictEqual(yield* members.size, SIZE + 1)
    }).pipe(Effect.scoped, Effect.provide(hybrid({ ...SMALL, url: SILENT })))
  )

  it.effect("where few have come, no thread is needed", () =>
    Effect.gen(function* () {
      const members = yield* (yield* MemberStore).open(GuildId.make("1"))
      const few = Array.from({ length: 100 }, (_, index) => member(index))
      yield* Effect.forEach(few, members.put, { discard: true })
      assert.strictEqual((yield* members.ids(MemberQuery.everybody)).size, 100)
      assert.deepStrictEqual(yield* Stream.runCollect(members.scan(MemberQuery.everybody)), few)
    }).pipe(Effect.scoped, Effect.provide(hybrid({ url: SILENT })))
  )

  it.effect("what is written comes into shared memory in the background", () =>
    Effect.gen(function* () {
      const members = yield* (yield* MemberStore).open(GuildId.make("1"))
      const some = Array.from({ length: 20 }, (_, index) => member(index))
      yield* Effect.forEach(some, members.put, { discard: true })
      // Nobody else has had a turn yet, and as long as all are on the heap no thread is needed.
      assert.strictEqual((yield* members.ids(MemberQuery.everybody)).size, 20)
      yield* turns(10)
      const late = yield* Effect.forkChild(Effect.flip(members.ids(MemberQuery.everybody, { deadline: "1 second" })))
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Fiber.join(late))._tag, "ScanTimedOut")
    }).pipe(Effect.scoped, Effect.provide(hybrid({ recentChanges: 10, url: SILENT })))
  )

  it.effect("a name comes back as it was, even where it is no text", () =>
    Effect.gen(function* () {
      const members = yield* (yield* MemberStore).open(GuildId.make("1"))
      const names = ["\ud800", "a\udc00b", "\ud83d", "\udfff\ud800", "x".repeat(100_000), "\uffff"]
      for (const [index, username] of names.entries()) {
        const one = { ...member(index), user: { ...member(index).user, username }, nick: `${username}!` }
        yield* members.put(one)
        assert.deepStrictEqual(yield* members.get(one.user.id), Option.some(one))
      }
      const found = yield* Stream.runCollect(members.scan(MemberQuery.named("\udfff")))
      assert.deepStrictEqual(
        found.map(({ user }): UserId => user.id),
        [userId(3)]
      )
    }).pipe(Effect.scoped, Effect.provide(hybrid(SMALL)))
  )

  it.effect("when it has been closed, members are still there, and scans fail", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const store = yield* Layer.buildWithScope(hybrid(SMALL), scope)
      const members = yield* Effect.provide(crowd, store)
      const under = yield* Effect.forkChild(Effect.flip(members.ids(MemberQuery.everybody)), { startImmediately: true })
      yield* Scope.close(scope, Exit.void)
      const errors = [yield* Fiber.join(under), yield* Effect.flip(members.ids(MemberQuery.everybody))]
      for (const error of errors) {
        assert.deepInclude(error, { _tag: "ScanDied", isFinal: true })
        assert.match(error.message, /cannot be scanned: the member store has been closed$/)
      }
      assert.deepStrictEqual(yield* members.get(userId(1)), Option.some(member(1)))
    }).pipe(Effect.scoped)
  )

  it("what a worker runs loads nothing that takes time", () => {
    const loaded = new Set<string>()
    const load = (url: URL): void => {
      if (loaded.has(url.href)) return
      loaded.add(url.href)
      const imports = readFileSync(url, "utf8").matchAll(/^(?:import|export)\b(?! type)[^"'=(]*?\bfrom "([^"]+)"/gm)
      for (const [, specifier = ""] of imports) {
        if (specifier.startsWith(".")) load(new URL(specifier, url))
        else assert.match(specifier, /^node:/, url.href)
      }
    }
    load(new URL("../../../src/layers/MemberStore/hybrid/worker.ts", import.meta.url))
    assert.isAbove(loaded.size, 3)
  })

  it.live("its threads end with it", () =>
    Effect.gen(function* () {
      const { exited } = yield* processes.start("test/support/scans/once.ts")
      const { code, output } = yield* exited
      assert.strictEqual(code, 0, output)
      assert.strictEqual(output.trim(), "1000")
    }).pipe(Effect.scoped)
  )
})
