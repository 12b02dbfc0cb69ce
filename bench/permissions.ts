/**
 * What it costs that each recipient may or may not see the channel: messages in whichever of 500 channels, in a guild of 250
 * roles, beside the same guild with no overwrites left, in which everybody sees everything. Per recipient, and in channels
 * that few do not see, so that both reach about as many; and once in channels that only some see, whose recipients lie
 * apart in memory.
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
import { median, permutations, quick, report } from "./support/report.ts"

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

const some = (count: number, from: number, allow: boolean) =>
  Array.from(
    new Set(Array.from({ length: count }, () => roleId(from + below(ROLES - from)))),
    (role): Community.Overwrite => ({
      kind: "role",
      id: role,
      allow: allow ? view : 0n,
      deny: allow ? 0n : view
    })
  )

/** Every fourth is hidden from all but the bearers of some roles; the others from the bearers of a few rare ones. */
const isHidden = (index: number) => index % 4 === 0
const overwrites = (index: number): ReadonlyArray<Community.Overwrite> =>
  isHidden(index)
    ? [{ kind: "role", id: EVERYONE, allow: 0n, deny: view }, ...some(20, 0, true), ...some(5, 0, false)]
    : [...some(20, 0, true), ...some(5, Math.floor(ROLES / 2), false)]

const community = Community.make({
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

/** A guild to which all are connected. What it gives says something in some channels, and waits until all have it. */
const make = Effect.fnUntraced(function* (members: ReadonlyArray<Member.Member>, isChecked: boolean) {
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

/** Such that are hidden from most, or such that are not. */
const someChannels = (hidden: boolean) => {
  const all = Array.from({ length: CHANNELS }, (_, index) => index).filter((index) => isHidden(index) === hidden)
  return Array.from({ length: BURST }, () => all[below(all.length)] ?? 0)
}

const program = Effect.gen(function* () {
  const members = Array.from(crowd.members(SESSIONS), (one, index) =>
    index === 0 ? one : { ...one, roles: someRoles() }
  )
  const checked = yield* make(members, true)
  const unchecked = yield* make(members, false)
  // Every channel has been spoken in, as in life.
  const all = Array.from({ length: CHANNELS }, (_, index) => index)
  for (const { fanOut } of [checked, unchecked]) yield* fanOut(all)
  const subjects = {
    checked: () => checked.fanOut(someChannels(false)),
    unchecked: () => unchecked.fanOut(someChannels(false)),
    hidden: () => checked.fanOut(someChannels(true))
  }
  const took: Record<string, Array<number>> = {}
  const orders = permutations(Object.entries(subjects))
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    for (const [name, fanOut] of orders[(round + WARM_UP) % orders.length] ?? []) {
      yield* Effect.sleep("5 millis")
      const micros = yield* fanOut()
      if (round >= 0) (took[name] ??= []).push(micros)
    }
  }
  // The first messages after a change after which all channels have to be looked at anew.
  const afterChange: Array<number> = []
  for (let round = 0; round < (quick ? 2 : 20); round++) {
    yield* checked.changed(ROLES - 1, round % 2 === 0 ? view : 0n)
    afterChange.push(yield* checked.fanOut([4 * round + 1]))
  }
  const of = (name: keyof typeof subjects) => median(took[name] ?? [])
  report("permissions", {
    roles: ROLES,
    channels: CHANNELS,
    sessions: SESSIONS,
    deliver_us_checked: of("checked"),
    deliver_us_unchecked: of("unchecked"),
    deliver_us_after_change: median(afterChange),
    deliver_us_hidden: of("hidden"),
    ratio: of("checked") / of("unchecked"),
    ratio_hidden: of("hidden") / of("unchecked")
  })
})

const strategies = Layer.mergeAll(Sampler.byFanOutSize(), MemberStore.heap, Offload.inline)
await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(strategies)))
process.exit()
