import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, References } from "effect"
import { TestClock } from "effect/testing"
import { MemberStore, StoreUnavailable } from "../../../src/domain/MemberStore.ts"
import * as MemberStores from "../../../src/layers/MemberStore.ts"
import * as Actor from "../../../src/programs/Actor.ts"
import * as InFlight from "../../../src/programs/guild/InFlight.ts"
import { GUILD, member, STAFF, userId } from "../../support/community.ts"

/** Goes on with a reply that comes later, as an actor does. */
const finished = <A, E, R>(reply: Effect.Effect<A | Actor.Later<A, E>, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(reply, (value) =>
    Actor.isLater(value) ? finished(Effect.andThen(Fiber.await(value.waiting), value.resume)) : Effect.succeed(value)
  )

describe("InFlight", () => {
  it.effect(
    "nobody else changes a member between the look-up and the change of a command, though it give way there",
    () =>
      Effect.gen(function* () {
        const members = yield* (yield* MemberStore).open(GUILD)
        const touched: Array<string> = []
        const inFlight = InFlight.make({
          guild: GUILD,
          members,
          scope: yield* Effect.scope,
          touched: (user) => touched.push(user)
        })
        const user = userId(1)
        yield* members.put(member(1, [STAFF]))
        const renamed = Effect.flatMap(members.get(user), (found) => {
          const next = { ...Option.getOrThrow(found), nick: "new" }
          // Effect has a fiber give way wherever it has done much.
          return Effect.andThen(Effect.yieldNow, inFlight.keep({ user, member: next }, found, Effect.void))
        })
        const command = yield* Effect.forkChild(
          inFlight.inTurn(() => [user], renamed),
          { startImmediately: true }
        )
        const stripped = yield* Effect.forkChild(
          inFlight.update(user, (one) => ({ ...one, roles: [] })),
          { startImmediately: true }
        )
        yield* Fiber.join(command)
        yield* Fiber.join(stripped)
        const found = Option.getOrThrow(yield* members.get(user))
        assert.deepInclude(found, { nick: "new", roles: [] })
        assert.deepStrictEqual(touched, [user])
        // Nothing is left in its way.
        yield* inFlight.passed
        yield* inFlight.update(user, (one) => one)
      }).pipe(Effect.scoped, Effect.provide(MemberStores.heap))
  )

  it.effect("a command that fails leaves nothing in the way of others", () =>
    Effect.gen(function* () {
      const members = yield* (yield* MemberStore).open(GUILD)
      const inFlight = InFlight.make({ guild: GUILD, members, scope: yield* Effect.scope, touched: () => {} })
      const user = userId(1)
      const failing = Effect.andThen(Effect.yieldNow, Effect.fail("refused" as const))
      const command = yield* Effect.forkChild(Effect.flip(inFlight.inTurn(() => [user], failing)), {
        startImmediately: true
      })
      const updated = yield* Effect.forkChild(
        inFlight.update(user, (one) => one),
        { startImmediately: true }
      )
      assert.strictEqual(yield* Fiber.join(command), "refused")
      yield* Fiber.join(updated)
      assert.strictEqual(yield* inFlight.inTurn(() => [user], Effect.succeed("next")), "next")
    }).pipe(Effect.scoped, Effect.provide(MemberStores.heap))
  )

  it.effect("a command that gives way until its turn has come leaves nothing in the way of others", () =>
    Effect.gen(function* () {
      const { get, ...members } = yield* (yield* MemberStore).open(GUILD)
      const gate = yield* Deferred.make<void>()
      const inFlight = InFlight.make({
        guild: GUILD,
        members: { ...members, get: (user) => Effect.andThen(Deferred.await(gate), get(user)) },
        scope: yield* Effect.scope,
        touched: () => {}
      })
      const user = userId(1)
      const update = inFlight.update(user, (one) => one)
      yield* Effect.forkChild(update, { startImmediately: true })
      const command = yield* inFlight
        .inTurn(() => [user], Effect.succeed("done"))
        .pipe(Effect.provideService(References.MaxOpsBeforeYield, 5), Effect.forkChild({ startImmediately: true }))
      yield* Deferred.succeed(gate, undefined)
      assert.strictEqual(yield* Fiber.join(command), "done")
      yield* update
    }).pipe(Effect.scoped, Effect.provide(MemberStores.heap))
  )

  it.effect("a change that fails as an earlier one has just been restored is restored too", () =>
    Effect.gen(function* () {
      const members = yield* (yield* MemberStore).open(GUILD)
      const before = member(1)
      const user = before.user.id
      yield* members.put(before)
      let puts = 0
      const inFlight = InFlight.make({
        guild: GUILD,
        // It makes every change, and loses the answer to the first and the third.
        members: {
          ...members,
          put: (one) =>
            Effect.flatMap(members.put(one), () =>
              ++puts === 1 || puts === 3
                ? Effect.fail(new StoreUnavailable({ guild: GUILD, cause: "lost" }))
                : Effect.void
            )
        },
        scope: yield* Effect.scope,
        touched: () => {}
      })
      const rename = (nick: string) => {
        const kept = inFlight.keep({ user, member: { ...before, nick } }, Option.some(before), Effect.void)
        return Effect.exit(finished(inFlight.inTurn(() => [user], kept)))
      }
      // What it starts gives way wherever it can.
      yield* Effect.provideService(rename("one"), References.MaxOpsBeforeYield, 8)
      yield* TestClock.adjust("100 millis")
      while (puts < 2) yield* Effect.yieldNow
      yield* rename("two")
      assert.strictEqual(puts, 3)
      yield* TestClock.adjust("1 second")
      yield* Effect.replicateEffect(Effect.yieldNow, 100, { discard: true })
      assert.isUndefined(inFlight.unknown(user))
      assert.deepStrictEqual(yield* members.get(user), Option.some(before))
    }).pipe(Effect.scoped, Effect.provide(MemberStores.heap))
  )
})
