/** Several guilds in one process: whose ids are whose. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Logger, Option, Schema } from "effect"
import { TestClock } from "effect/testing"
import { GuildId } from "../../src/domain/Ids.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Guild from "../../src/programs/Guild.ts"
import { Guilds, layer } from "../../src/programs/Guilds.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { communityOf, draft, GENERAL, member, userId } from "../support/community.ts"
import { below, seeded } from "../support/random.ts"
import { gated, slow } from "../support/slowStore.ts"

const MEMBERS = [member(0), member(1)]
const NOW = Date.UTC(2026, 0)

/** Their newest ids are the same. */
const guildId = (index: number) => GuildId.make(String(4 + index))
const make = (index: number) => Guild.make({ community: communityOf(guildId(index)), members: MEMBERS })
const strategies = (members: Layer.Layer<MemberStore.MemberStore>) =>
  Layer.mergeAll(members, Sampler.never, Offload.inline)

const say = (guild: Guild.Guild, who: number) =>
  Transport.call(guild, "SendMessage", { author: userId(who), channel: GENERAL, draft: draft("hello") })

const idOf = <A extends { readonly id: string }, E>(made: Effect.Effect<A, E>) =>
  Effect.map(made, ({ id }) => BigInt(id))
type Making = (guild: Guild.Guild) => Effect.Effect<bigint, unknown>
const things: Readonly<Record<"message" | "role" | "channel", Making>> = {
  message: (guild) => idOf(say(guild, 1)),
  role: (guild) => idOf(Transport.call(guild, "CreateRole", { role: {} })),
  channel: (guild) => idOf(Transport.call(guild, "CreateChannel", { channel: { name: "new" } }))
}

const Made = Schema.Array(
  Schema.Struct({
    where: Schema.Literals([0, 1, 2]),
    what: Schema.Literals(["message", "role", "channel"]),
    millis: Schema.Literals([0, 0, 0, 1, -60_000])
  })
)

describe("the ids that guilds make", () => {
  it.effect.prop(
    "are no two the same, and go up in each guild, whatever the clock and their stores do",
    [Made, Schema.Int],
    ([all, seed]) => {
      const random = seeded(seed)
      return Effect.gen(function* () {
        const guilds = [yield* make(0), yield* make(1), yield* make(2)] as const
        const own: ReadonlyArray<Array<bigint>> = [[], [], []]
        let now = NOW
        const making = yield* Effect.forEach(
          all,
          Effect.fnUntraced(function* ({ millis, what, where }) {
            now += millis
            yield* TestClock.setTime(now)
            return yield* Effect.forkChild(Effect.map(things[what](guilds[where]), (id) => void own[where]?.push(id)))
          })
        )
        yield* Fiber.joinAll(making)
        for (const ids of own) {
          assert.deepStrictEqual(
            ids,
            ids.toSorted((one, other) => (one < other ? -1 : 1))
          )
        }
        assert.strictEqual(new Set(own.flat()).size, all.length)
      }).pipe(Effect.scoped, Effect.provide(strategies(slow(() => below(random, 3)))))
    },
    { arbitrary: { runs: 100 } }
  )

  it.effect("are made when they are needed, not when their members are looked up", () => {
    const { hold, layer, release } = gated()
    return Effect.gen(function* () {
      const [one, other] = [yield* make(0), yield* make(1)]
      yield* hold("get", userId(0))
      const late = yield* Effect.forkChild(say(one, 0), { startImmediately: true })
      for (let turn = 0; turn < 20; turn++) yield* Effect.yieldNow
      const between = [yield* things.channel(other), yield* things.channel(one), yield* things.channel(other)]
      yield* release("get", userId(0))
      const { id } = yield* Fiber.join(late)
      for (const earlier of between) assert.isTrue(BigInt(id) > earlier)
    }).pipe(Effect.scoped, Effect.provide(strategies(layer)))
  })
})

it.effect("a channel stays the guild's that had it first: another's of that id is refused, and told of", () => {
  const lines: Array<unknown> = []
  const logger = Logger.make(({ message }) => void lines.push(message))
  const of = (index: number) => ({ community: communityOf(guildId(index)), members: MEMBERS })
  return Effect.gen(function* () {
    const { byChannel } = yield* Guilds
    const ownerOf = () => Option.map(byChannel(GENERAL), ({ id }) => id)
    assert.deepStrictEqual(ownerOf(), Option.some(guildId(0)))
    assert.deepStrictEqual(ownerOf(), Option.some(guildId(0)))
    yield* Effect.yieldNow
    assert.strictEqual(lines.filter((line) => String(line).includes(`channel ${GENERAL} is guild`)).length, 2)
  }).pipe(
    Effect.provide(
      layer([of(0), of(1), of(2)]).pipe(
        Layer.provide(strategies(MemberStore.heap)),
        Layer.provideMerge(Logger.layer([logger]))
      )
    )
  )
})
