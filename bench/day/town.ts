/** The guilds of a day: from small to large, each with channels for all, for half and for a few of its people. */
import { Community, type Guild, Ids, Intents, type Member } from "../../src/index.ts"
import type * as discord from "../../test/support/discord.ts"
import { seeded } from "../../test/support/random.ts"
import { type Channel, Model, type Role } from "./Model.ts"

const VIEW = 10
const SEND = 11
const MENTION_EVERYONE = 17
const CONNECT = 20
const EVERYBODY = [VIEW, SEND, CONNECT]

const CLIENT = Intents.GUILDS | Intents.GUILD_MESSAGES | Intents.GUILD_VOICE_STATES
const INTENTS = {
  client: CLIENT,
  bot: CLIENT | Intents.GUILD_MEMBERS | Intents.GUILD_PRESENCES,
  messages: Intents.GUILD_MESSAGES
}

/** Everything: whoever has this hears of all that happens. */
export const EVERYTHING = INTENTS.bot

/** Sizes from the smallest to the largest, each by the same factor larger. */
export const sizes = (guilds: number, smallest: number, largest: number): ReadonlyArray<number> =>
  Array.from({ length: guilds }, (_, index) =>
    Math.round(smallest * (largest / smallest) ** (guilds === 1 ? 1 : index / (guilds - 1)))
  )

const FIRST_USER = 5_000_000_000
export const userOf = (client: number): string => String(FIRST_USER + client)
export const clientOf = (user: string): number => Number(user) - FIRST_USER
/** Everybody's name begins with one of ten digits. */
export const nameOf = (client: number): string => `${client % 10}-${client}`

export interface Place {
  readonly index: number
  readonly id: string
  readonly owner: string
  /** Sessions when all are there. */
  readonly size: number
  /** The place of its first client in the tally; there are a few more than sessions, who may come. */
  readonly first: number
  readonly clients: number
  /** The channel that everybody sees, always. */
  readonly open: string
  readonly half: string
  readonly few: string
  readonly free: ReadonlyArray<string>
  readonly calls: ReadonlyArray<string>
  readonly roles: { readonly half: string; readonly few: string; readonly free: ReadonlyArray<string> }
  readonly model: Model
}

const deniedTo = (id: string): discord.Overwrite => ({ kind: "role", id, allow: [], deny: [VIEW] })
const allowedTo = (id: string): discord.Overwrite => ({ kind: "role", id, allow: [VIEW], deny: [] })

/** People who are members and not connected at first. */
const spare = (size: number) => Math.max(4, Math.ceil(size / 20))

const placeOf = (index: number, size: number, first: number, seed: number): Place => {
  const id = String(1_000_000 + index)
  const owner = String(4_000_000_000 + index)
  const own = (nth: number) => String(10_000_000 + index * 100 + nth)
  const roles = { half: own(50), few: own(51), free: [own(52), own(53)] }
  const [open, half, few] = [own(0), own(1), own(2)]
  const free = [own(3), own(4)]
  const calls = [own(5), own(6)]
  const text = (topic: string, overwrites: ReadonlyArray<discord.Overwrite> = []): Channel => ({
    kind: "text",
    topic,
    overwrites
  })
  const role = (name: string, permissions: ReadonlyArray<number>): Role => ({ name, permissions })
  const clients = size + spare(size)
  const random = seeded(seed + index)
  const rolesOf = (client: number): ReadonlyArray<string> => {
    const all: Array<string> = []
    if (random() < 0.5) all.push(roles.half)
    if (client === first || random() < Math.max(0.01, 2 / size)) all.push(roles.few)
    for (const one of roles.free) if (random() < 0.15) all.push(one)
    return all
  }
  const model = new Model({
    guild: id,
    owner,
    roles: [
      [id, role("@everyone", EVERYBODY)],
      [roles.half, role("half", [MENTION_EVERYONE])],
      [roles.few, role("few", [])],
      ...roles.free.map((one) => [one, role("free", [])] as const)
    ],
    channels: [
      [open, text("0")],
      [half, text("0", [deniedTo(id), allowedTo(roles.half)])],
      [few, text("0", [deniedTo(id), allowedTo(roles.few)])],
      ...free.map((one) => [one, text("0")] as const),
      ...calls.map((one): readonly [string, Channel] => [one, { kind: "voice", topic: "0", overwrites: [] }])
    ],
    people: [
      [owner, []],
      ...Array.from({ length: clients }, (_, nth) => [userOf(first + nth), rolesOf(first + nth)] as const)
    ]
  })
  return { index, id, owner, size, first, clients, open, half, few, free, calls, roles, model }
}

export const town = (all: ReadonlyArray<number>, seed: number): ReadonlyArray<Place> => {
  let first = 0
  return all.map((size, index) => {
    const place = placeOf(index, size, first, seed)
    first += place.clients
    return place
  })
}

export const mask = (bits: ReadonlyArray<number>): bigint => bits.reduce((all, bit) => all | (1n << BigInt(bit)), 0n)

export const overwriteOf = ({ allow, deny, id, kind }: discord.Overwrite): Community.Overwrite =>
  kind === "role"
    ? { kind, id: Ids.RoleId.make(id), allow: mask(allow), deny: mask(deny) }
    : { kind, id: Ids.UserId.make(id), allow: mask(allow), deny: mask(deny) }

export const memberOf = (user: string, roles: ReadonlyArray<string>): Member.Member => ({
  user: { id: Ids.UserId.make(user), username: nameOf(clientOf(user)), bot: true },
  roles: roles.map((id) => Ids.RoleId.make(id)),
  joinedAt: 0
})

/** The guild as it begins. */
export const optionsOf = (
  { id, model, owner }: Place,
  options: { readonly relayCapacity: number; readonly summaryMillis: number }
): Guild.Options => ({
  community: Community.make({
    id: Ids.GuildId.make(id),
    name: `guild ${id}`,
    ownerId: Ids.UserId.make(owner),
    roles: Array.from(model.roles, ([role, { name, permissions }]) => ({
      id: Ids.RoleId.make(role),
      name,
      permissions: mask(permissions)
    })),
    channels: Array.from(model.channels, ([channel, { kind, overwrites, topic }]) => ({
      id: Ids.ChannelId.make(channel),
      name: kind,
      kind,
      topic,
      overwrites: overwrites.map(overwriteOf)
    }))
  }),
  members: Array.from(model.people, ([user, roles]) => memberOf(user, roles)),
  relayCapacity: options.relayCapacity,
  summaryInterval: options.summaryMillis
})

/** What a client wants to hear of: most the same, a few everything, some only messages. */
export const intentsOf = (client: number): number => {
  if (client % 97 === 13 && client % 7 === 0) return INTENTS.bot
  return client % 23 === 5 ? INTENTS.messages : INTENTS.client
}
