/** Guilds here, their sessions in other threads. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Queue, Schema } from "effect"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import * as Wire from "../../src/domain/remote/Wire.ts"
import * as Offload from "../../src/layers/Offload.ts"
import { Guilds } from "../../src/programs/Guilds.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { conforms, guilds, said } from "../conformance/OffloadedGuilds.ts"
import { draft, GENERAL, guildId, sessionId, userId } from "../support/community.ts"
import { recorder, TRACE_ID, traced } from "../support/tracing.ts"
import { DIE, LIVE } from "../support/remote/talk.ts"
import { here, remote, type Workers } from "../support/remote/world.ts"

conforms("inline", here(Offload.inline))
conforms("senders", here(Offload.senders()))
conforms("senders that are soon busy", here(Offload.senders({ capacity: 1 })))
conforms("workers", remote({ count: 2, relayCapacity: 2 }))

const guild = guildId(0)
const intents = Intents.GUILDS | Intents.GUILD_MESSAGES
const Frame = Schema.Struct({
  d: Schema.Struct({ content: Schema.optionalKey(Schema.String), id: Schema.optionalKey(Schema.String) })
})
const frameOf = (frame: string) => Schema.decodeUnknownSync(Schema.fromJsonString(Frame))(frame).d
const contentOf = (frame: string) => frameOf(frame).content

/** Blocks the first worker; what it gives lets that go on, or die of it. */
const block = Effect.fnUntraced(function* (world: Workers) {
  const until = new SharedArrayBuffer(4)
  const blocked = yield* Effect.forkChild(world.heard("blocked", 0), { startImmediately: true })
  world.say({ say: "block", to: "worker-0", until })
  yield* Fiber.join(blocked)
  return (how: typeof LIVE | typeof DIE) => {
    Atomics.store(new Int32Array(until), 0, how)
    Atomics.notify(new Int32Array(until), 0)
  }
})

describe("workers", () => {
  it.live("one that dies is replaced; its sessions are gone, nobody else notices", () =>
    Effect.gen(function* () {
      const world = yield* remote({ count: 2, relayCapacity: 2 })
      yield* Effect.gen(function* () {
        const other = yield* world.open({ session: sessionId(1), guild, user: userId(1), intents }, 1)
        for (const nth of [2, 3, 4]) {
          yield* world.open({ session: sessionId(nth), guild, user: userId(nth), intents }, 0)
        }
        const again = yield* Effect.forkChild(world.heard("ready", 0), { startImmediately: true })
        world.say({ say: "die", to: "worker-0" })
        // While there is nobody, and while somebody comes.
        yield* said(guild, 1, "meanwhile")
        yield* Fiber.join(again)
        const successor = yield* world.open({ session: sessionId(5), guild, user: userId(2), intents }, 0)
        yield* said(guild, 1, "afterwards")
        assert.deepStrictEqual(
          [contentOf(yield* other.take), contentOf(yield* other.take), contentOf(yield* other.take)],
          [undefined, "meanwhile", "afterwards"]
        )
        assert.deepStrictEqual(
          [contentOf(yield* successor.take), contentOf(yield* successor.take)],
          [undefined, "afterwards"]
        )
        const { all } = yield* Guilds
        const [found] = all
        assert.isDefined(found)
        assert.deepStrictEqual(yield* Transport.call(found, "Status", undefined), { sessions: 2, active: 2, relays: 2 })
      }).pipe(Effect.provide(guilds(world)))
    }).pipe(Effect.scoped)
  )

  it.live("one that does not go on is felt by those who write; when it does, it has all of it, in order", () =>
    Effect.gen(function* () {
      const world = yield* remote({ count: 1, relayCapacity: 2 })
      yield* Effect.gen(function* () {
        const client = yield* world.open({ session: sessionId(1), guild, user: userId(1), intents }, 0)
        yield* client.take
        const goOn = yield* block(world)

        const [found] = (yield* Guilds).all
        assert.isDefined(found)
        let acknowledged = 0
        const total = 3_000
        const writers = yield* Effect.forkChild(
          Effect.forEach(
            Array.from({ length: total }, (_, index) => String(index)),
            (content) =>
              Effect.map(
                Transport.call(
                  found,
                  "SendMessage",
                  { author: userId(1), channel: GENERAL, draft: draft(content) },
                  { timeout: "1 minute" }
                ),
                () => void acknowledged++
              ),
            { concurrency: 20, discard: true }
          )
        )
        // Under way to the worker, and waiting for that.
        const most = Wire.WINDOW + 1024
        while (acknowledged < most) yield* Effect.sleep("1 millis")
        yield* Effect.sleep("50 millis")
        assert.isAtMost(acknowledged, most + 1)

        goOn(LIVE)
        yield* Fiber.join(writers)
        const got: Array<string | undefined> = []
        let last = 0n
        for (let index = 0; index < total; index++) {
          const { content, id = "0" } = frameOf(yield* client.take)
          got.push(content)
          // The guild's own order.
          assert.isTrue(BigInt(id) > last)
          last = BigInt(id)
        }
        assert.deepStrictEqual(new Set(got), new Set(Array.from({ length: total }, (_, index) => String(index))))
      }).pipe(Effect.provide(guilds(world)))
    }).pipe(Effect.scoped)
  )

  it.live("one that dies while its guild waits for it holds up nobody any longer", () =>
    Effect.gen(function* () {
      const world = yield* remote({ count: 2, relayCapacity: 2 })
      yield* Effect.gen(function* () {
        const other = yield* world.open({ session: sessionId(1), guild, user: userId(1), intents }, 1)
        yield* other.take
        yield* world.open({ session: sessionId(2), guild, user: userId(2), intents }, 0)
        const goOn = yield* block(world)

        let acknowledged = 0
        const total = 2_000
        const writers = yield* Effect.forkChild(
          Effect.forEach(
            Array.from({ length: total }, (_, index) => String(index)),
            (content) => Effect.map(said(guild, 1, content, GENERAL, "1 minute"), () => void acknowledged++),
            { concurrency: 20, discard: true }
          )
        )
        while (acknowledged < Wire.WINDOW + 1024) yield* Effect.sleep("1 millis")
        const again = yield* Effect.forkChild(world.heard("ready", 0), { startImmediately: true })
        goOn(DIE)
        yield* Fiber.join(writers)
        yield* Fiber.join(again)
        for (let index = 0; index < total; index++) yield* other.take
        const [found] = (yield* Guilds).all
        assert.isDefined(found)
        assert.strictEqual((yield* Transport.call(found, "Status", undefined)).sessions, 1)
      }).pipe(Effect.provide(guilds(world)))
    }).pipe(Effect.scoped)
  )

  it.effect("a trace goes on in the worker, and comes back from there", () => {
    const here = recorder()
    return Effect.gen(function* () {
      const world = yield* remote({ count: 1, relayCapacity: 2 })
      yield* Effect.gen(function* () {
        const client = yield* world.open({ session: sessionId(1), guild, user: userId(1), intents }, 0)
        yield* client.take
        yield* said(guild, 1, "not sampled")
        yield* client.take
        yield* traced(said(guild, 1, "sampled"))
        yield* client.take
        const fanout = yield* Queue.take(world.spans)
        const delivered = yield* Queue.take(world.spans)
        assert.deepStrictEqual([fanout.name, delivered.name], ["relay.fanout", "session.deliver"])
        assert.deepStrictEqual([fanout.traceId, delivered.traceId], [TRACE_ID, TRACE_ID])
        const [atGuild] = here.opened
        assert.deepStrictEqual([fanout.parentId, delivered.parentId], [atGuild?.spanId, fanout.spanId])
        assert.deepStrictEqual(
          here.opened.map(({ name }) => name),
          ["guild.SendMessage"]
        )
      }).pipe(Effect.provide(guilds(world)))
    }).pipe(Effect.scoped, Effect.provide(here.layer))
  })
})
