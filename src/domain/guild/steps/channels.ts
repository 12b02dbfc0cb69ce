/**
 * How a guild takes what concerns channels.
 *
 * @since 0.1.0
 */
import { HashMap, Result } from "effect"
import { type Change, type Channel, channel as channelOf, type Overwrite } from "../../Community.ts"
import { ChannelId, snowflake } from "../../Ids.ts"
import * as Permissions from "../../Permissions.ts"
import type { VoiceState } from "../../VoiceState.ts"
import type { Output } from "../Output.ts"
import type { Protocol } from "../Protocol.ts"
import { type MissingPermissions, UnknownChannel, WrongChannel } from "../Refusal.ts"
import type { State } from "../State.ts"
import { Authority } from "./Authority.ts"
import { restructured } from "./restructure.ts"
import { stepped, type Steps } from "./Step.ts"
import { hungUp } from "./voice.ts"

type Patch = Protocol<unknown>["UpdateChannel"]["payload"]["patch"]
type Overwrites = ReadonlyArray<Overwrite>

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

const says = ({ allow, deny, id, kind }: Overwrite): string => `${kind} ${id} ${allow} ${deny}`

const areSame = (one: Overwrites, other: Overwrites): boolean =>
  one === other ||
  (one.length === other.length && one.map(says).toSorted().join() === other.map(says).toSorted().join())

/** All bits about which two sets of overwrites differ. */
const differing = (one: Overwrites, other: Overwrites): Permissions.Permissions => {
  const bits = (from: Overwrites, to: Overwrites) =>
    from.reduce((all, overwrite) => {
      const counterpart = to.find(({ id, kind }) => id === overwrite.id && kind === overwrite.kind)
      const { allow, deny } = counterpart ?? { allow: Permissions.NONE, deny: Permissions.NONE }
      return all | (overwrite.allow ^ allow) | (overwrite.deny ^ deny)
    }, Permissions.NONE)
  return bits(one, other) | bits(other, one)
}

/** Refuses whoever may not have these overwrites instead of those. */
const needsOverwrites = (
  authority: Authority,
  channel: Channel,
  before: Overwrites,
  after: Overwrites
): Result.Result<void, MissingPermissions> =>
  areSame(before, after) ? Result.void : authority.needsAll(differing(before, after), channel)

/** The channels of a category that have just its overwrites: they keep to them. */
const synced = ({ community }: State, before: Channel, after: Channel): ReadonlyArray<Change> =>
  before.kind !== "category" || areSame(before.overwrites, after.overwrites)
    ? []
    : Array.from(community.channels.values())
        .filter(({ overwrites, parent }) => parent === before.id && areSame(overwrites, before.overwrites))
        .map((channel) => ({ _tag: "ChannelPut", channel: { ...channel, overwrites: after.overwrites } }))

const overwritesAfter = ({ overwrites }: Channel, patch: Patch, parent: Channel | undefined): Overwrites => {
  const { isSynced = false, overwrite, withoutOverwrite } = patch
  const whole = isSynced && parent !== undefined ? parent.overwrites : (patch.overwrites ?? overwrites)
  if (overwrite === undefined && withoutOverwrite === undefined) return whole
  const others = whole.filter(({ id }) => id !== withoutOverwrite && id !== overwrite?.id)
  return overwrite === undefined ? others : [...others, overwrite]
}

const patched = (channel: Channel, patch: Patch, parent: Channel | undefined): Channel => {
  const { id, kind } = channel
  return {
    id,
    kind,
    name: patch.name ?? channel.name,
    topic: patch.topic ?? channel.topic,
    position: patch.position ?? channel.position,
    userLimit: patch.userLimit ?? channel.userLimit,
    overwrites: overwritesAfter(channel, patch, parent),
    ...(parent === undefined ? undefined : { parent: parent.id })
  }
}

const all = <H>(state: State, changes: ReadonlyArray<Change>): readonly [State, ReadonlyArray<Output<H>>] => {
  let next = state
  const outputs: Array<Output<H>> = []
  for (const change of changes) {
    const [changed, more] = restructured<H>(next, change)
    next = changed
    outputs.push(...more)
  }
  return [next, outputs]
}

/** Nobody is in a voice channel any more that is no more. */
const emptied = <H>(state: State, id: ChannelId): readonly [State, ReadonlyArray<Output<H>>] => {
  const inside = Array.from(HashMap.values(state.voice)).filter(({ channel }: VoiceState) => channel === id)
  let next = state
  const outputs: Array<Output<H>> = []
  for (const { member } of inside) {
    const [left, more] = hungUp<H>(next, member.user.id)
    next = left
    outputs.push(...more)
  }
  return [next, outputs]
}

/**
 * @since 0.1.0
 * @category steps
 */
export const channels = <H>(): Steps<H, "CreateChannel" | "UpdateChannel" | "DeleteChannel"> => ({
  CreateChannel: (state, { by, channel: { parent: parentId, ...wanted } }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const { community } = state
        const authority = yield* Authority.of(community, by, facts)
        yield* authority.needs(Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS")
        const { kind = "text" } = wanted
        const parent = yield* category(state, kind, parentId ?? undefined)
        if (parent !== undefined) yield* authority.needsIn(parent, Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS there")
        const id = ChannelId.make(snowflake(facts.now, state.sequence))
        const channel = channelOf({
          id,
          kind,
          position: community.channels.size,
          overwrites: parent?.overwrites ?? [],
          ...(parent === undefined ? undefined : { parent: parent.id }),
          ...wanted
        })
        if (wanted.overwrites !== undefined && wanted.overwrites.length > 0) {
          yield* authority.needs(Permissions.MANAGE_ROLES, "MANAGE_ROLES")
          yield* needsOverwrites(authority, channel, [], channel.overwrites)
        }
        const [next, outputs] = restructured<H>(
          { ...state, sequence: state.sequence + 1 },
          { _tag: "ChannelPut", channel }
        )
        return [next, outputs, channel] as const
      })
    ),

  UpdateChannel: (state, { by, channel: id, patch }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const authority = yield* Authority.of(state.community, by, facts)
        const before = yield* found(state, id)
        const { overwrite: _, overwrites: __, withoutOverwrite: ___, ...rest } = patch
        const wantsMore = Object.keys(rest).length > 0
        yield* authority.needsIn(before, Permissions.NONE, "VIEW_CHANNEL")
        if (wantsMore) yield* authority.needsIn(before, Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS there")
        const parentId = patch.parent === undefined ? before.parent : (patch.parent ?? undefined)
        const parent = yield* category(state, before.kind, parentId)
        const channel = patched(before, patch, parent)
        if (!areSame(before.overwrites, channel.overwrites)) {
          yield* authority.needsIn(before, Permissions.MANAGE_ROLES, "MANAGE_ROLES there")
          yield* needsOverwrites(authority, before, before.overwrites, channel.overwrites)
        }
        const changes: ReadonlyArray<Change> = [{ _tag: "ChannelPut", channel }, ...synced(state, before, channel)]
        const [next, outputs] = all<H>(state, changes)
        return [next, outputs, channel] as const
      })
    ),

  DeleteChannel: (state, { by, channel: id }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const authority = yield* Authority.of(state.community, by, facts)
        const channel = yield* found(state, id)
        yield* authority.needsIn(channel, Permissions.MANAGE_CHANNELS, "MANAGE_CHANNELS there")
        const [empty, silent] = emptied<H>(state, id)
        const [next, outputs] = restructured<H>(empty, { _tag: "ChannelRemoved", channel: id })
        const lastMessages = HashMap.remove(next.lastMessages, id)
        return [{ ...next, lastMessages }, [...silent, ...outputs], channel] as const
      })
    )
})
