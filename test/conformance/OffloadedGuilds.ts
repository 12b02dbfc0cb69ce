/** What guilds and their sessions may rely on, whoever executes the fan-outs and wherever the sessions live. */
import { assert, describe, it } from "@effect/vitest"
import { Context, type Duration, Effect, Exit, Layer, Schema, Scope } from "effect"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import { type GuildId, SessionId } from "../../src/domain/Ids.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import { Guilds, layer as guildsLayer } from "../../src/programs/Guilds.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { communityOf, draft, GENERAL, guildId, HIDDEN, userId } from "../support/community.ts"
import { members } from "../support/guilds.ts"
import { below, seeded } from "../support/random.ts"
import type { Client, World } from "../support/remote/world.ts"

const SIZE = 6
const GUILDS = 12
const STEPS = 60
const RELAY_CAPACITY = 2
const intents = Intents.GUILDS | Intents.GUILD_MESSAGES

const Frame = Schema.fromJsonString(
  Schema.Struct({ t: Schema.String, s: Schema.Int, d: Schema.Struct({ content: Schema.optionalKey(Schema.String) }) })
)
const decode = Schema.decodeUnknownSync(Frame)

/** So many guilds as there are runs: a worker has its guilds from the beginning. */
export const guilds = (world: World) =>
  guildsLayer(
    Array.from({ length: GUILDS }, (_, index) => ({
      community: communityOf(guildId(index)),
      members: members(SIZE),
      relayCapacity: RELAY_CAPACITY
    }))
  ).pipe(Layer.provide([Sampler.always, MemberStore.heap, world.offload]))

/** Somebody says something. */
export const said = Effect.fnUntraced(function* (
  guild: GuildId,
  who: number,
  content: string,
  channel = GENERAL,
  timeout: Duration.Input = "5 seconds"
) {
  const { byId } = yield* Guilds
  const found = yield* Effect.orDie(Effect.fromOption(byId(guild)))
  return yield* Transport.call(
    found,
    "SendMessage",
    { author: userId(who), channel, draft: draft(content) },
    { timeout }
  )
})

/** Takes what is due to a client, in order, numbered without gaps. */
const gets = Effect.fnUntraced(function* (client: Client, due: ReadonlyArray<string>, from = 0) {
  for (const [index, expected] of due.entries()) {
    const { d, s, t } = decode(yield* client.take)
    assert.deepStrictEqual([t === "GUILD_CREATE" ? "welcome" : d.content, s], [expected, from + index + 1])
  }
})

/** One guild, through a random program. */
const program = Effect.fnUntraced(function* (world: World, guild: GuildId, seed: number) {
  const random = seeded(seed)
  const scope = yield* Effect.scope
  const connected = new Map<number, { readonly client: Client; readonly due: Array<string> }>()
  for (let step = 0; step < STEPS; step++) {
    const who = 1 + below(random, SIZE)
    const content = `${guild}.${step}`
    const present = connected.get(who)
    switch (below(random, 6)) {
      case 0:
      case 1: {
        if (present !== undefined) break
        const session = SessionId.make(`${guild}-${step}`)
        const client = yield* world.open({ session, guild, user: userId(who), intents }, who).pipe(Scope.provide(scope))
        connected.set(who, { client, due: ["welcome"] })
        break
      }
      case 2:
        if (present === undefined) break
        yield* gets(present.client, present.due)
        yield* present.client.close
        connected.delete(who)
        break
      case 3:
        yield* said(guild, 1, content, HIDDEN)
        connected.get(1)?.due.push(content)
        break
      default:
        yield* said(guild, who, content)
        for (const { due } of connected.values()) due.push(content)
    }
  }
  for (const { client, due } of connected.values()) yield* gets(client, due)
})

export const conforms = (name: string, make: Effect.Effect<World, never, Scope.Scope>) =>
  describe(`guilds, offload: ${name}`, () => {
    it.effect(
      "many guilds at once, random comings, goings and messages: everybody gets what they should, once and in order",
      () =>
        Effect.gen(function* () {
          const world = yield* make
          yield* Effect.forEach(
            Array.from({ length: GUILDS }, (_, index) => index),
            (index) => program(world, guildId(index), index),
            { concurrency: "unbounded", discard: true }
          ).pipe(Effect.provide(guilds(world)))
        }).pipe(Effect.scoped)
    )

    it.effect("what was acknowledged before the guilds end arrives", () =>
      Effect.gen(function* () {
        const world = yield* make
        const own = yield* Scope.make()
        const context = yield* Layer.buildWithScope(guilds(world), own)
        const guild = guildId(0)
        const due = Array.from({ length: 300 }, (_, index) => `${index}`)
        yield* Effect.gen(function* () {
          const clients = yield* Effect.forEach([1, 2, 3, 4], (who) =>
            world.open({ session: SessionId.make(`s-${who}`), guild, user: userId(who), intents }, who)
          )
          yield* Effect.forEach(due, (content) => said(guild, 1, content), { concurrency: 50, discard: true })
          yield* Scope.close(own, Exit.void)
          for (const client of clients) {
            const got: Array<string | undefined> = []
            for (let index = 0; index <= due.length; index++) got.push(decode(yield* client.take).d.content)
            assert.deepStrictEqual(got.slice(1).toSorted(), due.toSorted())
          }
        }).pipe(Effect.provideContext(Context.pick(Guilds)(context)))
      }).pipe(Effect.scoped)
    )
  })
