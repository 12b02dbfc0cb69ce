/**
 * How long the thread does nothing else, and how long messages wait, while a guild does what concerns very many: a message
 * that mentions a role which few bear, a change of what a role may see, and the summaries for passive sessions.
 */
import { Effect, Layer } from "effect"
import {
  Community,
  Guild,
  Ids,
  type Member,
  MemberStore,
  Offload,
  Permissions,
  Sampler,
  Transport
} from "../src/index.ts"
import { seeded } from "../test/support/random.ts"
import * as crowd from "./support/crowd.ts"
import * as pieces from "./support/pieces.ts"
import { quick, report } from "./support/report.ts"

const CHANNELS = quick ? 10 : 490
const OVERWRITES = quick ? 10 : 1000
const RELAYS = quick ? 2 : 20
const PER_RELAY = quick ? 10 : 500
const PASSIVE = quick ? 200 : 100_000
const SIGHTS = quick ? 50 : 14_000
const ROLES = 240
const ROUNDS = quick ? 2 : 4

const id = Ids.GuildId.make("1")
const roleId = (index: number) => Ids.RoleId.make(String(10_000 + index))
const channelId = (index: number) => Ids.ChannelId.make(String(20_000 + index))
const stranger = (index: number) => Ids.UserId.make(String(900_000 + index))
const EVERYONE = Community.everyoneId(id)
const view = Permissions.VIEW_CHANNEL
const random = seeded(1)
const below = (bound: number) => Math.floor(random() * bound)

/** What others on the machine take of the processor only adds. */
const least = (values: ReadonlyArray<number>): number => Math.min(...values)

const now = Effect.sync(() => performance.now())

/** Nothing is left to be done when some turns of the event loop in a row were short ones, as far as a busy machine has them. */
const quiet = Effect.gen(function* () {
  const begun = yield* now
  for (let left = 5; left > 0 && (yield* now) - begun < 3_000;) {
    const start = yield* now
    yield* Effect.sleep("1 millis")
    left = (yield* now) - start < 4 ? left - 1 : 5
  }
})

const communityOf = (overwrites: (channel: number) => ReadonlyArray<Community.Overwrite>, channels: number) =>
  Community.make({
    id,
    name: "large",
    ownerId: crowd.author.user.id,
    roles: [
      { id: EVERYONE, name: "@everyone", permissions: view },
      ...Array.from({ length: ROLES }, (_, index) => ({
        id: roleId(index),
        name: `role-${index}`,
        permissions: 0n,
        isMentionable: true
      }))
    ],
    channels: Array.from({ length: channels }, (_, index) => ({
      id: channelId(index),
      name: `channel-${index}`,
      overwrites: overwrites(index)
    }))
  })

const say = (guild: Guild.Guild, channel: number, content: string) =>
  Transport.call(guild, "SendMessage", {
    author: crowd.author.user.id,
    channel: channelId(channel),
    draft: { content, embeds: [], tts: false }
  })

const withRoles = (size: number, roles: (index: number) => ReadonlyArray<Ids.RoleId>): ReadonlyArray<Member.Member> =>
  Array.from(crowd.members(size), (one, index) => (index === 0 ? one : { ...one, roles: roles(index) }))

const someRoles = () => Array.from(new Set(Array.from({ length: 8 }, () => roleId(1 + below(ROLES - 1)))))

/** A message that calls the ten who bear a role, beside a plain one. */
const mentions = Effect.gen(function* () {
  const measured = yield* pieces.make
  const members = withRoles(PASSIVE, (index) => (index % (PASSIVE / 10) === 0 ? [roleId(0)] : someRoles()))
  const { arrive, expect } = crowd.counter()
  const guild = yield* Guild.make({ community: communityOf(() => [], 1), members, summaryInterval: "1 hour" })
  const welcomed = expect(PASSIVE)
  yield* crowd.connect(guild, PASSIVE, arrive, { isPassive: () => true })
  yield* welcomed
  yield* quiet
  const longest: Array<number> = []
  const took: Array<number> = []
  for (let round = 0; round < 3 * ROUNDS; round++) {
    yield* say(guild, 0, "hello")
    yield* quiet
    const called = expect(10)
    const { piece } = yield* measured(
      Effect.gen(function* () {
        const start = yield* now
        yield* say(guild, 0, `<@&${roleId(0)}>`)
        yield* called
        took.push((yield* now) - start)
      })
    )
    longest.push(piece)
  }
  return { mention_ms: least(took), mention_piece_ms: least(longest) }
})

/** A role may see channels from now on, and may not again; each time a message comes right after. */
const changes = Effect.gen(function* () {
  const measured = yield* pieces.make
  const size = RELAYS * PER_RELAY
  // Few sets of roles: what a newcomer is told of so many overwrites is long, and written once for each set.
  const sets = Array.from({ length: 50 }, (_, index) => (index % 2 === 0 ? [roleId(0), ...someRoles()] : someRoles()))
  const members = withRoles(size, (index) => sets[index % sets.length] ?? [])
  const { arrive, expect } = crowd.counter()
  const hidden: Community.Overwrite = { kind: "role", id: EVERYONE, allow: 0n, deny: view }
  const named = Array.from({ length: OVERWRITES - 1 }, (_, index) => index)
  const overwrites = (channel: number): ReadonlyArray<Community.Overwrite> => [
    channel % 4 === 0 ? hidden : { kind: "role", id: roleId(7), allow: view, deny: 0n },
    ...named.map((index): Community.Overwrite => ({ kind: "member", id: stranger(index), allow: view, deny: 0n }))
  ]
  const community = communityOf(overwrites, CHANNELS)
  const guild = yield* Guild.make({ community, members, relayCapacity: PER_RELAY })
  const welcomed = expect(size)
  yield* crowd.connect(guild, size, arrive)
  yield* welcomed
  for (let channel = 0; channel < CHANNELS; channel++) {
    const all = channel % 4 === 0 ? Effect.void : expect(size)
    yield* say(guild, channel, "hello")
    yield* all
  }
  yield* quiet
  const figures: Record<string, number> = {}
  for (const [name, role] of [
    ["unborne", ROLES],
    ["borne", 0]
  ] as const) {
    const longest: Array<number> = []
    const took: Array<number> = []
    const waited: Array<number> = []
    for (let round = 0; round < ROUNDS; round++) {
      const permissions = round % 2 === 0 ? Permissions.ADMINISTRATOR : 0n
      const change =
        role < ROLES
          ? Transport.call(guild, "UpdateRole", { role: roleId(role), patch: { permissions } }, { timeout: "1 minute" })
          : Transport.call(
              guild,
              "CreateRole",
              { role: { name: "new", permissions: Permissions.ADMINISTRATOR } },
              { timeout: "1 minute" }
            )
      const { cost, piece } = yield* measured(
        Effect.gen(function* () {
          yield* change
          const all = expect(size)
          const start = yield* now
          yield* Effect.forkChild(say(guild, 1, "hello"))
          yield* all
          waited.push((yield* now) - start)
        })
      )
      longest.push(piece)
      took.push(cost)
    }
    figures[`change_${name}_cost_ms`] = least(took)
    figures[`change_${name}_piece_ms`] = least(longest)
    figures[`change_${name}_message_ms`] = least(waited)
  }
  return figures
})

/** A message of which passive sessions hear later, in each channel; and messages to one who looks, while they are told. */
const summaries = Effect.gen(function* () {
  const measured = yield* pieces.make
  const figures: Record<string, number> = {}
  for (const [name, roles] of [
    ["alike", () => []],
    ["apart", someRoles]
  ] as const) {
    const members = withRoles(SIGHTS, roles)
    let arrived = 0
    let heard: (() => void) | undefined
    const overwrites = (channel: number): ReadonlyArray<Community.Overwrite> =>
      channel % 4 === 0
        ? [
            { kind: "role", id: EVERYONE, allow: 0n, deny: view },
            ...Array.from({ length: 20 }, (_, nth): Community.Overwrite => ({
              kind: "role",
              id: roleId((channel * 7 + nth * 13) % ROLES),
              allow: view,
              deny: 0n
            }))
          ]
        : []
    const guild = yield* Guild.make({
      community: communityOf(overwrites, CHANNELS),
      members,
      summaryInterval: quick ? "1 second" : "4 seconds"
    })
    yield* crowd.connect(guild, SIGHTS - 1, () => void arrived++, { isPassive: () => true })
    const isSilent = { is: true }
    yield* crowd.connect(guild, 1, () => (isSilent.is ? undefined : heard?.()), { first: SIGHTS - 1 })
    yield* quiet
    for (let channel = 0; channel < CHANNELS; channel++) yield* say(guild, channel, "hello")
    isSilent.is = false
    const before = arrived
    let waited = 0
    const deadline = performance.now() + (quick ? 3_000 : 30_000)
    const { cost, piece } = yield* measured(
      Effect.gen(function* () {
        while (arrived - before < SIGHTS - 1 && performance.now() < deadline) {
          const start = yield* now
          yield* Effect.callback<void>((resume) => {
            heard = () => resume(Effect.void)
            Effect.runFork(say(guild, 1, "hello"))
          })
          waited = Math.max(waited, (yield* now) - start)
          yield* Effect.sleep("1 millis")
        }
      })
    )
    figures[`summaries_${name}_cost_ms`] = cost
    figures[`summaries_${name}_piece_ms`] = piece
    figures[`summaries_${name}_message_ms`] = waited
  }
  return figures
})

const program = Effect.gen(function* () {
  const figures: Record<string, number> = {}
  // All parts, or those that are named.
  const parts = Object.entries({ mentions, changes, summaries })
  const named = parts.filter(([name]) => process.argv.includes(name))
  for (const [, part] of named.length > 0 ? named : parts) Object.assign(figures, yield* Effect.scoped(part))
  report("standstill", figures)
})

const strategies = Layer.mergeAll(Sampler.byFanOutSize(), MemberStore.heap, Offload.inline)
await Effect.runPromise(program.pipe(Effect.provide(strategies)))
process.exit()
