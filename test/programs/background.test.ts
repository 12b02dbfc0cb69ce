/** What concerns all members goes on beside the guild. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Layer, Queue, Stream } from "effect"
import { TestClock } from "effect/testing"
import * as Community from "../../src/domain/Community.ts"
import type { MemberQuery } from "../../src/domain/MemberQuery.ts"
import { MemberStore, ScanDied } from "../../src/domain/MemberStore.ts"
import * as MemberStores from "../../src/layers/MemberStore.ts"
import * as Notifier from "../../src/layers/Notifier.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Guild from "../../src/programs/Guild.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { community, draft, GENERAL, GUILD, HIDDEN, member, STAFF, userId } from "../support/community.ts"

/** A store whose scans wait until they are let go, and fail as often as is wanted. */
const slow = (
  gate: Deferred.Deferred<void>,
  {
    failures = 0,
    scanning = () => {},
    ...error
  }: { readonly failures?: number; readonly scanning?: () => void; readonly isFinal?: true } = {}
) => {
  let left = failures
  const scanned = Effect.andThen(
    Deferred.await(gate),
    Effect.suspend(() => {
      scanning()
      return left-- > 0 ? new ScanDied({ guild: GUILD, cause: "as the test wants it", ...error }) : Effect.void
    })
  )
  return Layer.effect(
    MemberStore,
    Effect.map(MemberStore, ({ open }) => ({
      open: (guild) =>
        Effect.map(open(guild), (members) => ({
          ...members,
          scan: (query: MemberQuery) => Stream.unwrap(Effect.as(scanned, members.scan(query))),
          ids: (query: MemberQuery) => Effect.andThen(scanned, members.ids(query))
        }))
    }))
  ).pipe(Layer.provide(MemberStores.heap))
}

const strategies = (store: Layer.Layer<MemberStore>) => Layer.mergeAll(Sampler.always, store, Offload.inline)
const size = 60
/** The first member may call everyone. */
const owned = Community.make({
  ...community,
  ownerId: userId(1),
  roles: Array.from(community.roles.values()),
  channels: Array.from(community.channels.values())
})
const everybody = Array.from({ length: size }, (_, index) => member(index + 1, index < 3 ? [STAFF] : []))

describe("beside a guild", () => {
  it.effect("who is called by a message to everyone is found out while the guild goes on, and the notifier told", () =>
    Effect.gen(function* () {
      const pings = yield* Queue.unbounded<Notifier.Ping>()
      const gate = yield* Deferred.make<void>()
      yield* Effect.gen(function* () {
        const guild = yield* Guild.make({ community: owned, members: everybody })
        const say = (channel: typeof GENERAL, content: string) =>
          Transport.call(guild, "SendMessage", { author: userId(1), channel, draft: draft(content) })
        const called = yield* say(HIDDEN, "@everyone of the staff")
        assert.strictEqual(called.mentions.everyone, "all")
        yield* say(GENERAL, "the guild goes on")
        assert.strictEqual(yield* Queue.size(pings), 0)
        yield* Deferred.succeed(gate, undefined)
        const { message, users } = yield* Queue.take(pings)
        assert.deepStrictEqual([message.id, Array.from(users)], [called.id, [userId(1), userId(2), userId(3)]])
        // Those who are there are not looked for.
        yield* say(HIDDEN, "@here")
        yield* say(GENERAL, "nobody in particular")
        yield* Effect.yieldNow
        assert.strictEqual(yield* Queue.size(pings), 0)
      }).pipe(Effect.provide(Layer.merge(strategies(slow(gate)), Notifier.queue(pings))))
    }).pipe(Effect.scoped)
  )

  it.effect("a notifier that is slow gets one after the other, in their order, and holds up no guild", () =>
    Effect.gen(function* () {
      const pings = yield* Queue.bounded<Notifier.Ping>(1)
      const gate = yield* Deferred.make<void>()
      yield* Deferred.succeed(gate, undefined)
      let scans = 0
      const store = slow(gate, { scanning: () => void scans++ })
      yield* Effect.gen(function* () {
        const guild = yield* Guild.make({ community: owned, members: everybody })
        const sent: Array<string> = []
        for (let count = 0; count < 1_100; count++) {
          const text = `@everyone ${count}`
          sent.push(
            (yield* Transport.call(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft(text) }))
              .id
          )
        }
        yield* Effect.repeat(Effect.yieldNow, { times: 100 })
        assert.isAtMost(scans, 3)
        const told = yield* Effect.replicateEffect(Queue.take(pings), 1_000)
        assert.deepStrictEqual(
          told.map(({ message }) => message.id),
          sent.slice(0, 1_000)
        )
      }).pipe(Effect.provide(Layer.merge(strategies(store), Notifier.queue(pings))))
    }).pipe(Effect.scoped)
  )

  it.effect(
    "a deleted role means nothing at once, and is taken from its members while the guild goes on; scans that die are tried again",
    () =>
      Effect.gen(function* () {
        const gate = yield* Deferred.make<void>()
        yield* Effect.gen(function* () {
          const guild = yield* Guild.make({ community, members: everybody })
          const say = (channel: typeof GENERAL) =>
            Effect.result(Transport.call(guild, "SendMessage", { author: userId(1), channel, draft: draft("hello") }))
          assert.strictEqual((yield* say(HIDDEN))._tag, "Success")
          yield* Transport.call(guild, "DeleteRole", { role: STAFF })
          assert.strictEqual((yield* say(HIDDEN))._tag, "Failure")
          assert.strictEqual((yield* say(GENERAL))._tag, "Success")
          const roles = Effect.map(guild.members.get([userId(1), userId(2), userId(4)]), (found) =>
            found.map((one) => one.member.roles)
          )
          assert.deepStrictEqual(yield* roles, [[STAFF], [STAFF], []])
          yield* Deferred.succeed(gate, undefined)
          for (let turn = 0; turn < 10; turn++) yield* TestClock.adjust("1 second")
          for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
          assert.deepStrictEqual(yield* roles, [[], [], []])
          assert.isFalse(guild.community.roles.has(STAFF))
        }).pipe(Effect.provide(strategies(slow(gate, { failures: 2 }))))
      }).pipe(Effect.scoped)
  )

  it.effect("a scan that is of no use is not tried again", () =>
    Effect.gen(function* () {
      const gate = yield* Deferred.make<void>()
      yield* Deferred.succeed(gate, undefined)
      yield* Effect.gen(function* () {
        const guild = yield* Guild.make({ community, members: everybody })
        yield* Transport.call(guild, "DeleteRole", { role: STAFF })
        for (let turn = 0; turn < 10; turn++) yield* TestClock.adjust("1 second")
        for (let turn = 0; turn < 50; turn++) yield* Effect.yieldNow
        const [seen] = yield* guild.members.get([userId(1)])
        assert.deepStrictEqual(seen?.member.roles, [STAFF])
      }).pipe(Effect.provide(strategies(slow(gate, { failures: 1, isFinal: true }))))
    }).pipe(Effect.scoped)
  )
})
