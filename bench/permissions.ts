/**
 * What it costs that each recipient may or may not see the channel: a fan-out in a guild of 250 roles and 500 channels, in
 * whichever channel, beside one in which everybody sees everything, per recipient.
 */
import { Effect, Layer } from "effect"
import {
  Audience,
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
import { median, quick, report } from "./support/report.ts"

const ROLES = quick ? 10 : 250
const CHANNELS = quick ? 20 : 500
const SESSIONS = quick ? 500 : 30_000
const BURST = 10
const ROUNDS = quick ? 3 : 60
const WARM_UP = quick ? 1 : 20

const random = seeded(1)
const below = (bound: number) => Math.floor(random() * bound)
const id = Ids.GuildId.make("1")
const roleId = (index: number) => Ids.RoleId.make(String(10_000 + index))
const channelId = (index: number) => Ids.ChannelId.make(String(20_000 + index))
const EVERYONE = Community.everyoneId(id)
const view = Permissions.VIEW_CHANNEL

/** Up to eight roles, the first ones far more often than the last. */
const someRoles = (): ReadonlyArray<Ids.RoleId> =>
  Array.from(new Set(Array.from({ length: below(9) }, () => roleId(Math.floor(ROLES * random() ** 3)))))

/** A third is for all; the others are hidden from all but some roles, and from some of those again. */
const overwrites = (index: number): ReadonlyArray<Community.Overwrite> => {
  if (index % 3 === 0) return []
  const some = (allow: boolean, count: number) =>
    Array.from(new Set(Array.from({ length: count }, () => roleId(below(ROLES)))), (role): Community.Overwrite => ({
      kind: "role",
      id: role,
      allow: allow ? view : 0n,
      deny: allow ? 0n : view
    }))
  return [{ kind: "role", id: EVERYONE, allow: 0n, deny: view }, ...some(true, 20), ...some(false, 5)]
}

const checked = Community.make({
  id,
  name: "checked",
  ownerId: crowd.author.user.id,
  roles: [
    { id: EVERYONE, name: "@everyone", permissions: view },
    ...Array.from({ length: ROLES }, (_, index) => ({ id: roleId(index), name: `role-${index}`, permissions: 0n }))
  ],
  channels: Array.from({ length: CHANNELS }, (_, index) => ({
    id: channelId(index),
    name: `channel-${index}`,
    overwrites: overwrites(index)
  }))
})

/** Nobody has a role, no channel an overwrite: whoever is there gets everything. */
const unchecked = Community.make({
  ...checked,
  roles: [{ id: EVERYONE, name: "@everyone", permissions: view }],
  channels: Array.from({ length: CHANNELS }, (_, index) => ({ id: channelId(index), name: `channel-${index}` }))
})

/** A guild to which all are connected. What it gives says something in some channels, and waits until all have it. */
const make = Effect.fnUntraced(function* (community: Community.Community, members: ReadonlyArray<Member.Member>) {
  const { arrive, expect } = crowd.counter()
  const guild = yield* Guild.make({ community, members })
  const welcomed = expect(SESSIONS)
  yield* crowd.connect(guild, SESSIONS, arrive)
  yield* welcomed
  // The author has no session.
  const present = members.slice(1)
  const reached = Array.from(
    community.audiences.values(),
    (audience) => present.filter((member) => Audience.admitsMember(audience, member)).length
  )
  const fanOut = (channels: ReadonlyArray<number>) =>
    Effect.gen(function* () {
      const recipients = channels.reduce((sum, channel) => sum + (reached[channel] ?? 0), 0)
      const everyone = expect(recipients)
      const start = performance.now()
      for (const channel of channels) yield* crowd.say(guild, channelId(channel))
      yield* everyone
      return ((performance.now() - start) * 1000) / recipients
    })
  const changed = (role: number, permissions: bigint) =>
    Transport.call(guild, "UpdateRole", { role: roleId(role), patch: { permissions } }, { timeout: "1 minute" })
  return { fanOut, changed }
})

const someChannels = () => Array.from({ length: BURST }, () => below(CHANNELS))

const program = Effect.gen(function* () {
  const members = Array.from(crowd.members(SESSIONS), (one, index) =>
    index === 0 ? one : { ...one, roles: someRoles() }
  )
  const subjects = {
    checked: yield* make(checked, members),
    unchecked: yield* make(unchecked, Array.from(crowd.members(SESSIONS)))
  }
  // Every channel has been spoken in, as in life.
  const all = Array.from({ length: CHANNELS }, (_, index) => index)
  for (const { fanOut } of Object.values(subjects)) yield* fanOut(all)
  const took: Record<string, Array<number>> = {}
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const entries = Object.entries(subjects)
    for (const [name, { fanOut }] of round % 2 === 0 ? entries : entries.toReversed()) {
      yield* Effect.sleep("5 millis")
      const micros = yield* fanOut(someChannels())
      if (round >= 0) (took[name] ??= []).push(micros)
    }
  }
  // The first messages after a change after which all channels have to be looked at anew.
  const afterChange: Array<number> = []
  const open = all.filter((index) => index % 3 === 0)
  for (let round = 0; round < (quick ? 2 : 20); round++) {
    yield* subjects.checked.changed(ROLES - 1, round % 2 === 0 ? view : 0n)
    const [channel = 0] = open.slice(round)
    afterChange.push(yield* subjects.checked.fanOut([channel]))
  }
  const of = (name: keyof typeof subjects) => median(took[name] ?? [])
  report("permissions", {
    roles: ROLES,
    channels: CHANNELS,
    sessions: SESSIONS,
    deliver_us_checked: of("checked"),
    deliver_us_unchecked: of("unchecked"),
    deliver_us_after_change: median(afterChange),
    ratio: of("checked") / of("unchecked")
  })
})

const strategies = Layer.mergeAll(Sampler.byFanOutSize(), MemberStore.heap, Offload.inline)
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(strategies)))
process.exit()
