/**
 * How a guild takes what concerns voice channels: who is where is its own affair, and relays pass it through.
 *
 * @since 0.1.0
 */
import { HashMap, Option, Result } from "effect"
import * as Access from "../../Access.ts"
import { type Channel, withKnownRoles } from "../../Community.ts"
import type { ChannelId, SessionId, UserId } from "../../Ids.ts"
import type { Member } from "../../Member.ts"
import * as Permissions from "../../Permissions.ts"
import type { VoiceState } from "../../VoiceState.ts"
import type { Facts } from "../Facts.ts"
import type { Output } from "../Output.ts"
import {
  ChannelFull,
  MissingAccess,
  MissingPermissions,
  UnknownChannel,
  UnknownSession,
  WrongChannel
} from "../Refusal.ts"
import { seatOf } from "../seats.ts"
import type { State } from "../State.ts"
import { memberOf } from "./Authority.ts"
import { stepped, type Steps } from "./Step.ts"

/**
 * Where a user is, if they are in a voice channel.
 *
 * @since 0.1.0
 * @category getters
 */
export const voiceOf = ({ voice }: State, user: UserId): VoiceState | undefined =>
  Option.getOrUndefined(HashMap.get(voice, user))

/**
 * Somebody is in a voice channel, or in another one, or there otherwise.
 *
 * @since 0.1.0
 * @category transitions
 */
export const spoken = <H>(state: State, next: VoiceState): readonly [State, ReadonlyArray<Output<H>>] => {
  const member = withKnownRoles(state.community, next.member)
  const user = member.user.id
  const before = voiceOf(state, user)?.channel ?? null
  const present = { ...next, member }
  const { channel, ...rest } = present
  return [
    { ...state, voice: HashMap.set(state.voice, user, present) },
    [{ _tag: "Speak", before, channel, state: rest }]
  ]
}

/**
 * Somebody is in no voice channel any more: by this session, if it says which.
 *
 * @since 0.1.0
 * @category transitions
 */
export const hungUp = <H>(
  state: State,
  user: UserId,
  session?: SessionId
): readonly [State, ReadonlyArray<Output<H>>] => {
  const present = voiceOf(state, user)
  if (present === undefined || (session !== undefined && present.session !== session)) return [state, []]
  const { channel: before, ...rest } = present
  return [
    { ...state, voice: HashMap.remove(state.voice, user) },
    [{ _tag: "Speak", before, channel: null, state: rest }]
  ]
}

const occupants = ({ voice }: State, channel: ChannelId): number =>
  HashMap.reduce(voice, 0, (count, state) => count + Number(state.channel === channel))

/** The channel, if it is one where this member may join a call. */
const joinable = (
  state: State,
  id: ChannelId,
  member: Member,
  { now }: Facts
): Result.Result<Channel, UnknownChannel | WrongChannel | MissingAccess | MissingPermissions | ChannelFull> => {
  const { community } = state
  const user = member.user.id
  const channel = community.channels.get(id)
  if (channel === undefined) return Result.fail(new UnknownChannel({ channel: id }))
  const granted = Access.inChannel(community, channel, member, now)
  if (!Permissions.has(granted, Permissions.VIEW_CHANNEL)) return Result.fail(new MissingAccess({ channel: id, user }))
  if (channel.kind !== "voice") return Result.fail(new WrongChannel({ channel: id }))
  if (!Permissions.has(granted, Permissions.CONNECT)) {
    return Result.fail(new MissingPermissions({ user, needed: "CONNECT there" }))
  }
  return hasRoom(state, channel, granted, user)
    ? Result.succeed(channel)
    : Result.fail(new ChannelFull({ channel: id }))
}

/** Whoever may move others finds room anywhere. */
const hasRoom = (state: State, { id, userLimit }: Channel, granted: Permissions.Permissions, user: UserId): boolean =>
  userLimit === 0 ||
  voiceOf(state, user)?.channel === id ||
  Permissions.has(granted, Permissions.MOVE_MEMBERS) ||
  occupants(state, id) < userLimit

/**
 * @since 0.1.0
 * @category steps
 */
export const voice = <H>(): Steps<H, "SetVoice"> => ({
  SetVoice: (state, { channel, selfDeaf, selfMute, session, user }, facts) =>
    stepped(
      state,
      Result.gen(function* () {
        const member = yield* memberOf(state.community, user, facts)
        if (seatOf(state, user, session) === undefined) return yield* Result.fail(new UnknownSession({ session, user }))
        if (channel === null) {
          const [next, outputs] = hungUp<H>(state, user)
          return [next, outputs, undefined] as const
        }
        // Whoever is there may mute themselves, whatever they could do if they came now.
        if (voiceOf(state, user)?.channel !== channel) yield* joinable(state, channel, member, facts)
        const [next, outputs] = spoken<H>(state, { member, session, channel, selfMute, selfDeaf })
        return [next, outputs, undefined] as const
      })
    )
})
