/**
 * How a guild takes what concerns channels.
 *
 * @since 0.1.0
 */
import { HashMap, Result } from "effect"
import { type Change, type Channel, channel as channelOf } from "../../Community.ts"
import { ChannelId } from "../../Ids.ts"
import * as Permissions from "../../Permissions.ts"
import type { Protocol } from "../Protocol.ts"
import {
  type MissingAccess,
  type MissingPermissions,
  room,
  type TooMany,
  UnknownChannel,
  UnknownOverwrite,
  WrongChannel
} from "../Refusal.ts"
import type { State } from "../State.ts"
import { Authority } from "./Authority.ts"
import { nextId } from "./nextId.ts"
import { areSame, sameAs, needsOverwrites, overwritesAfter, unique } from "./overwrites.ts"
import { restructured } from "./restructure.ts"
import { stepped, type Steps } from "./Step.ts"

type Patch = Protocol<unknown>["UpdateChannel"]["payload"]["patch"]
type Move = Omit<Protocol<unknown>["OrderChannels"]["payload"]["moves"][number], "channel">

const found = ({ community }: State, id: ChannelId): Result.Result<Channel, UnknownChannel> =>
  Result.fromNullishOr(community.channels.get(id), () => new UnknownChannel({ channel: id }))

/** The category that a channel is to stand under, if it is to stand under one. */
const category = (
  state: State,
  kind: Channel["kind"],
  id: ChannelId | undefined
): Result.Result<Channel | undefined, UnknownChannel | WrongChannel> => {
  if (id === undefined) return Result.succeed(undefined)
  return Result.flatMap(found(state, id), (parent) =>
    parent.kind === "category" && kind !== "category"
      ? Result.succeed(parent)
      : Result.fail(new WrongChannel({ channel: id }))
  )
}

/** Of what one does not see, one does not learn what it is. */
const needsSight = (
  state: State,
  authority: Authority,
  id: ChannelId | null
): Result.Result<void, UnknownChannel | MissingAccess | MissingPermissions> =>
  id === null
    ? Result.void
    : Result.flatMap(found(state, id), (channel) => authority.needsIn(channel, Permissions.NONE, "VIEW_CHANNEL"))

const parentAfter = ({ parent }: Channel, patch: Pick<Patch, "parent">): ChannelId | undefined =>
  patch.parent === undefined ? parent : (patch.parent ?? undefined)

/** Refuses whoever may not put channels under a category, or beside the categories. */
const needsPlace = (
  authority: Authority,
  parent: Channel | undefined
): Result.Result<void, MissingAccess | MissingPermissions> =>
  parent === undefined
    ? authority.needs(Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS")
    : authority.needsIn(parent, Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS there")

/** Refuses changes that put more channels under a category than it has room for. */
const needsRoom = ({ community }: State, changes: ReadonlyArray<Change>): Result.Result<void, TooMany> => {
  const after = new Map(community.channels)
  const grown = new Set<ChannelId>()
  for (const change of changes) {
    if (change._tag !== "ChannelPut") continue
    const { id, parent } = change.channel
    if (parent !== undefined && parent !== community.channels.get(id)?.parent) grown.add(parent)
    after.set(id, change.channel)
  }
  if (grown.size === 0) return Result.void
  const counts = new Map<ChannelId, number>()
  for (const { parent } of after.values()) {
    if (parent !== undefined && grown.has(parent)) counts.set(parent, (counts.get(parent) ?? 0) + 1)
  }
  return room("channels of a category", Math.max(...counts.values()) - 1)
}

/** The channels of a category that have just its overwrites: they keep to them. */
const synced = ({ community }: State, before: Channel, after: Channel): ReadonlyArray<Change> => {
  if (before.kind !== "category" || before.overwrites === after.overwrites) return []
  const isSynced = sameAs(before.overwrites)
  return Array.from(community.channels.values())
    .filter(({ overwrites, parent }) => parent === before.id && isSynced(overwrites))
    .map((channel) => ({ _tag: "ChannelPut", channel: { ...channel, overwrites: after.overwrites } }))
}

/** Text channels are written in small letters and without spaces; others may have any name. */
const nameIn = (kind: Channel["kind"], name: string): string =>
  kind === "text" ? name.trim().toLowerCase().replaceAll(/\s+/g, "-") || name : name

const patched = (channel: Channel, patch: Patch, parent: Channel | undefined): Channel => {
  const overwrites = overwritesAfter(channel, patch, parent)
  const {
    isSynced: _synced,
    overwrite: _one,
    overwrites: _all,
    parent: _parent,
    withoutOverwrite: _without,
    ...fields
  } = patch
  const { parent: _before, ...before } = channel
  return {
    ...before,
    ...fields,
    name: patch.name === undefined ? channel.name : nameIn(channel.kind, patch.name),
    overwrites: areSame(channel.overwrites, overwrites) ? channel.overwrites : overwrites,
    ...(parent === undefined ? undefined : { parent: parent.id })
  }
}

type Changed = Result.Result<
  { readonly channel: Channel; readonly changes: ReadonlyArray<Change> },
  Protocol<unknown>["UpdateChannel"]["error"]
>

/** A channel as somebody wants it. */
const updated = (state: State, authority: Authority, id: ChannelId, patch: Patch): Changed =>
  Result.gen(function* () {
    const before = yield* found(state, id)
    const { overwrite, overwrites, withoutOverwrite, ...rest } = patch
    const isAboutOverwrites = overwrite !== undefined || overwrites !== undefined || withoutOverwrite !== undefined
    // By what somebody asks for, not by what it would change: nothing needs as much as something.
    if (!isAboutOverwrites || Object.keys(rest).length > 0) {
      yield* authority.needsIn(before, Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS there")
    }
    if (isAboutOverwrites) yield* authority.needsIn(before, Permissions.MANAGE_ROLES, "MANAGE_ROLES there")
    if (patch.parent !== undefined) yield* needsSight(state, authority, patch.parent)
    const parent = yield* category(state, before.kind, parentAfter(before, patch))
    if (parent?.id !== before.parent) yield* needsPlace(authority, parent)
    if (withoutOverwrite !== undefined && before.overwrites.every(({ id }) => id !== withoutOverwrite)) {
      return yield* Result.fail(new UnknownOverwrite({ channel: id, of: withoutOverwrite }))
    }
    const channel = patched(before, patch, parent)
    if (before.overwrites !== channel.overwrites) {
      yield* authority.needsIn(before, Permissions.MANAGE_ROLES, "MANAGE_ROLES there")
      yield* needsOverwrites(state.community, authority, before, before.overwrites, channel.overwrites)
    }
    const put: Change = { _tag: "ChannelPut", channel }
    return { channel, changes: [put, ...synced(state, before, channel)] }
  })

/** A channel in another place; to give it another position only, one need not see it. */
const moved = (state: State, authority: Authority, id: ChannelId, move: Move): Changed =>
  Result.gen(function* () {
    const before = yield* found(state, id)
    if (move.isSynced === true || move.parent !== undefined) {
      return yield* updated(state, authority, id, move)
    }
    const parent = yield* category(state, before.kind, before.parent)
    yield* needsPlace(authority, authority.may(Permissions.MANAGE_CHANNELS) ? undefined : parent)
    const channel: Channel = { ...before, position: move.position ?? before.position }
    return { channel, changes: [{ _tag: "ChannelPut", channel }] }
  })

/**
 * @since 0.1.0
 * @category steps
 */
export const channels = <H>(): Steps<H, "CreateChannel" | "UpdateChannel" | "OrderChannels" | "DeleteChannel"> => ({
  CreateChannel: (state, { by, channel: { parent: parentId, ...wanted } }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const { community } = state
        const authority = yield* Authority.of(community, by, facts)
        yield* authority.needs(Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS")
        const { kind = "text" } = wanted
        yield* needsSight(state, authority, parentId ?? null)
        const parent = yield* category(state, kind, parentId ?? undefined)
        if (parent !== undefined) yield* authority.needsIn(parent, Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS there")
        yield* room("channels", community.channels.size)
        const lastId = nextId(state, facts)
        const id = ChannelId.make(String(lastId))
        const channel = channelOf({
          id,
          kind,
          position: community.channels.size,
          ...(parent === undefined ? undefined : { parent: parent.id }),
          ...wanted,
          name: nameIn(kind, wanted.name),
          overwrites: wanted.overwrites === undefined ? (parent?.overwrites ?? []) : unique(wanted.overwrites)
        })
        if (wanted.overwrites !== undefined && wanted.overwrites.length > 0) {
          yield* authority.needs(Permissions.MANAGE_ROLES, "MANAGE_ROLES")
          yield* needsOverwrites(community, authority, undefined, [], channel.overwrites)
        }
        const put: Change = { _tag: "ChannelPut", channel }
        yield* needsRoom(state, [put])
        const [next, outputs] = restructured<H>({ ...state, lastId }, [put])
        return [next, outputs, channel] as const
      })
    ),

  UpdateChannel: (state, { by, channel: id, patch }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const authority = yield* Authority.of(state.community, by, facts)
        const { changes, channel } = yield* updated(state, authority, id, patch)
        yield* needsRoom(state, changes)
        const [next, outputs] = restructured<H>(state, changes)
        return [next, outputs, channel] as const
      })
    ),

  OrderChannels: (state, { by, moves }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const authority = yield* Authority.of(state.community, by, facts)
        // What is said of a channel later counts, beside what was said before.
        const wanted = new Map<ChannelId, Move>()
        for (const { channel, ...move } of moves) wanted.set(channel, { ...wanted.get(channel), ...move })
        const all: Array<Change> = []
        for (const [channel, move] of wanted) all.push(...(yield* moved(state, authority, channel, move)).changes)
        yield* needsRoom(state, all)
        const [next, outputs] = restructured<H>(state, all)
        return [next, outputs, undefined] as const
      })
    ),

  DeleteChannel: (state, { by, channel: id }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const authority = yield* Authority.of(state.community, by, facts)
        const channel = yield* found(state, id)
        yield* authority.needsIn(channel, Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS there")
        // Relays are told with it who was in it, and is so no more.
        const [next, outputs] = restructured<H>(state, [{ _tag: "ChannelRemoved", channel: id }])
        const voice = channel.kind === "voice" ? HashMap.filter(next.voice, (one) => one.channel !== id) : next.voice
        return [{ ...next, voice, lastMessages: HashMap.remove(next.lastMessages, id) }, outputs, channel] as const
      })
    )
})
