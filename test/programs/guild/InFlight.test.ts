import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Option, References } from "effect"
import { MemberStore } from "../../../src/domain/MemberStore.ts"
import * as MemberStores from "../../../src/layers/MemberStore.ts"
import * as InFlight from "../../../src/programs/guild/InFlight.ts"
import { GUILD, member, STAFF, userId } from "../../support/community.ts"

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
})
