/**
 * The operations of the table in `docs/guilds.md`, and what it promises: with what their cost grows, and how. In everything
 * else it is flat.
 */
import { Effect } from "effect"
import { type Guild, Permissions, Transport } from "../../src/index.ts"
import type { Axis } from "./axes.ts"
import { CALLED_ROLE, GENERAL, NOBODYS, OWNER, ROOM, type World } from "./world.ts"

export interface Operation {
  readonly promises: Partial<Readonly<Record<Axis, number>>>
  /** What is done the `nth` time. */
  readonly run: (world: World, nth: number) => Effect.Effect<unknown, unknown>
  /** For how long it leaves something behind that makes the next time cheaper, in milliseconds. */
  readonly lasts?: number
}

/** Whoever has a session is a member, and those in calls have sessions that do not look. */
const IMPLIED: Partial<Readonly<Record<Axis, ReadonlyArray<Axis>>>> = {
  active: ["members"],
  passive: ["members"],
  structure: ["roles", "channels"],
  calls: ["passive", "members"]
}

/** The exponent that an operation promises. */
export const promised = ({ promises }: Operation, axis: Axis): number =>
  Math.max(...[axis, ...(IMPLIED[axis] ?? [])].map((one) => promises[one] ?? 0))

/** Roles and channels are told to all sessions, and the community is written anew. */
const TOLD_TO_ALL = { active: 1, passive: 1, roles: 1, channels: 1 }
/** A guild's description has its roles, channels, and who is in calls. */
const DESCRIBED = { roles: 1, channels: 1, calls: 1 }

const PATIENCE = { timeout: "5 minutes" } as const
const by = OWNER

const call = <T extends keyof Guild.Protocol>({ guild }: World, tag: T, payload: Guild.Protocol[T]["payload"]) =>
  Transport.call(guild, tag, payload, PATIENCE)

const say = (content: string) => (world: World) =>
  call(world, "SendMessage", { author: OWNER, channel: GENERAL, draft: { content, embeds: [], tts: false } })

const toggled = (nth: number): boolean => nth % 2 === 0

const mute = (world: World, nth: number) =>
  call(world, "SetVoice", { ...world.inCall, channel: ROOM, selfMute: toggled(nth), selfDeaf: false })

/** The first text channel and the next one change places. */
const order = (world: World, nth: number) => {
  const channels = Array.from(world.guild.community.channels.keys()).slice(1, 3)
  return call(world, "OrderChannels", {
    by,
    moves: (toggled(nth) ? channels.toReversed() : channels).map((channel, place) => ({ channel, position: place + 1 }))
  })
}

export const operations: Readonly<Record<string, Operation>> = {
  SendMessage: { promises: { active: 1 }, run: say("hello") },
  "SendMessage, to a role of ten": { promises: { active: 1 }, run: say(`<@&${CALLED_ROLE}>`) },
  "SendMessage, to everyone": { promises: { members: 1 }, run: say("@everyone") },
  "Connect, Disconnect": {
    promises: { ...DESCRIBED, active: 1 },
    run: ({ come, go }) => Effect.andThen(come, go)
  },
  "Connect, Disconnect, after a mute": {
    promises: { ...DESCRIBED, active: 1 },
    run: (world, nth) => Effect.andThen(mute(world, nth), Effect.andThen(world.come, world.go))
  },
  SetActive: {
    promises: DESCRIBED,
    run: (world, nth) => call(world, "SetActive", { ...world.passive, isActive: toggled(nth) })
  },
  SetStatus: {
    promises: { active: 1 },
    run: (world, nth) => call(world, "SetStatus", { ...world.someone, status: toggled(nth) ? "idle" : "online" })
  },
  "what passive sessions missed": {
    promises: { active: 1, passive: 1 },
    run: (world) => Effect.andThen(say("missed")(world), world.summarise)
  },
  Describe: { promises: DESCRIBED, run: (world) => call(world, "Describe", { user: world.someone.user }) },
  Status: { promises: {}, run: (world) => call(world, "Status", undefined) },
  "CreateRole, DeleteRole": {
    promises: { ...TOLD_TO_ALL, members: 1 },
    run: (world) =>
      Effect.flatMap(call(world, "CreateRole", { by, role: {} }), ({ id: role }) =>
        call(world, "DeleteRole", { by, role })
      )
  },
  "UpdateRole, its name": {
    promises: TOLD_TO_ALL,
    run: (world, nth) => call(world, "UpdateRole", { by, role: NOBODYS, patch: { name: `role ${nth}` } })
  },
  "UpdateRole, what nobody may see": {
    promises: TOLD_TO_ALL,
    run: (world, nth) => {
      const permissions = toggled(nth) ? Permissions.VIEW_CHANNEL : Permissions.NONE
      return call(world, "UpdateRole", { by, role: NOBODYS, patch: { permissions } })
    }
  },
  OrderRoles: {
    promises: TOLD_TO_ALL,
    run: (world, nth) => {
      const [first, second] = toggled(nth) ? [1, 2] : [2, 1]
      const positions = [
        { role: NOBODYS, position: second },
        { role: CALLED_ROLE, position: first }
      ]
      return call(world, "OrderRoles", { by, positions })
    }
  },
  "CreateChannel, DeleteChannel": {
    promises: TOLD_TO_ALL,
    run: (world) =>
      Effect.flatMap(call(world, "CreateChannel", { by, channel: { name: "new" } }), ({ id: channel }) =>
        call(world, "DeleteChannel", { by, channel })
      )
  },
  "UpdateChannel, its topic": {
    promises: TOLD_TO_ALL,
    run: (world, nth) => call(world, "UpdateChannel", { by, channel: GENERAL, patch: { topic: `topic ${nth}` } })
  },
  "UpdateChannel, an overwrite": {
    promises: TOLD_TO_ALL,
    run: (world, nth) => {
      const view = Permissions.VIEW_CHANNEL
      const allow = toggled(nth) ? view : Permissions.NONE
      const overwrite = { kind: "role" as const, id: NOBODYS, allow, deny: view & ~allow }
      return call(world, "UpdateChannel", { by, channel: GENERAL, patch: { overwrite } })
    }
  },
  OrderChannels: { promises: TOLD_TO_ALL, run: order },
  "AddMember, RemoveMember": {
    promises: {},
    run: (world) =>
      Effect.andThen(
        call(world, "AddMember", { member: world.stranger }),
        call(world, "RemoveMember", { by, user: world.stranger.user.id })
      )
  },
  "UpdateMember, a nick": {
    promises: {},
    run: (world, nth) => call(world, "UpdateMember", { by, user: world.bearer, patch: { nick: `nick ${nth}` } })
  },
  "UpdateMember, a role": {
    promises: { roles: 1, channels: 1 },
    run: (world, nth) => {
      const patch = toggled(nth) ? { withRole: NOBODYS } : { withoutRole: NOBODYS }
      return call(world, "UpdateMember", { by, user: world.bearer, patch })
    }
  },
  "the member list of a channel": {
    promises: { members: 1, roles: 1 },
    lasts: 250,
    run: (world) => {
      const { session, user } = world.newcomer
      const look = (ranges: ReadonlyArray<readonly [number, number]>) =>
        world.guild.members.watch({ session, user, channel: GENERAL, ranges })
      const first = Effect.all([world.heard("GUILD_MEMBER_LIST_UPDATE"), look([[0, 99]])], { concurrency: 2 })
      return Effect.all([world.come, first, look([]), world.go])
    }
  },
  "members by name": { promises: { members: 1 }, run: ({ guild }) => guild.members.find("name-zz", { limit: 100 }) },
  "members by id": { promises: {}, run: ({ guild, someone }) => guild.members.get([someone.user, OWNER]) },
  SetVoice: {
    promises: { active: 1 },
    run: (world, nth) => {
      const channel = toggled(nth) ? ROOM : null
      return call(world, "SetVoice", { ...world.someone, channel, selfMute: false, selfDeaf: false })
    }
  },
  "a client logs in": { promises: { ...DESCRIBED, active: 1, guilds: 1 }, run: ({ login }) => login }
}
