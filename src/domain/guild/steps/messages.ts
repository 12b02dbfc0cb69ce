/**
 * How a guild takes what concerns messages.
 *
 * @since 0.1.0
 */
import { HashMap, Option, Result } from "effect"
import * as Access from "../../Access.ts"
import type { Community } from "../../Community.ts"
import { type ChannelId, MessageId, type UserId } from "../../Ids.ts"
import type { Member } from "../../Member.ts"
import type { Mentions } from "../../Mentions.ts"
import type { Draft, Message } from "../../Message.ts"
import * as Permissions from "../../Permissions.ts"
import { called, type Facts } from "../Facts.ts"
import type { Output } from "../Output.ts"
import type { Protocol } from "../Protocol.ts"
import {
  MissingAccess,
  MissingPermissions,
  SlowedDown,
  UnknownChannel,
  UnknownMember,
  WrongChannel
} from "../Refusal.ts"
import type { State } from "../State.ts"
import { nextId } from "./nextId.ts"
import type { Step, Steps } from "./Step.ts"

/** What it takes to send this. */
const needed = ({ embeds, tts }: Draft): Permissions.Permissions =>
  Permissions.SEND_MESSAGES |
  (embeds.length > 0 ? Permissions.EMBED_LINKS : Permissions.NONE) |
  (tts ? Permissions.SEND_TTS_MESSAGES : Permissions.NONE)

/** Whom a message calls, of those whom it would: members, roles that there are, and what its author may call. */
const mentioned = (
  { roles }: Community,
  wanted: Mentions,
  granted: Permissions.Permissions,
  { named }: Facts
): Message["mentions"] => {
  const mayAll = Permissions.has(granted, Permissions.MENTION_EVERYONE)
  return {
    members: named,
    roles: wanted.roles.filter((id) => {
      const role = roles.get(id)
      return role !== undefined && (mayAll || role.isMentionable)
    }),
    everyone: mayAll ? wanted.everyone : "nobody"
  }
}

const NOBODY: Message["mentions"] = { members: [], roles: [], everyone: "nobody" }

const authored = <H>(
  community: Community,
  { author, channel: id, draft }: Protocol<H>["SendMessage"]["payload"],
  facts: Facts
): Result.Result<
  { readonly member: Member; readonly mentions: Message["mentions"]; readonly granted: Permissions.Permissions },
  Protocol<H>["SendMessage"]["error"]
> => {
  if (Option.isNone(facts.member)) return Result.fail(new UnknownMember({ guild: community.id, user: author }))
  const member = facts.member.value
  const channel = community.channels.get(id)
  if (channel === undefined) return Result.fail(new UnknownChannel({ channel: id }))
  const granted = Access.inChannel(community, channel, member, facts.now)
  if (!Permissions.has(granted, Permissions.VIEW_CHANNEL)) {
    return Result.fail(new MissingAccess({ channel: id, user: author }))
  }
  if (channel.kind === "category") return Result.fail(new WrongChannel({ channel: id }))
  if (!Permissions.has(granted, needed(draft))) {
    const needed = "SEND_MESSAGES there, EMBED_LINKS for embeds, and SEND_TTS_MESSAGES for speech"
    return Result.fail(new MissingPermissions({ user: author, needed }))
  }
  const wanted = called(draft)
  const isBare = wanted.everyone === "nobody" && wanted.users.length === 0 && wanted.roles.length === 0
  return Result.succeed({ member, granted, mentions: isBare ? NOBODY : mentioned(community, wanted, granted, facts) })
}

/** Who has to wait, and for how many milliseconds between two messages. */
interface Slow {
  readonly key: string
  readonly millis: number
}

/** "Bots, as well as users with the permission MANAGE_MESSAGES or MANAGE_CHANNELS, are unaffected." */
const slowMode = (
  { community }: State,
  channel: ChannelId,
  { granted, member }: { readonly granted: Permissions.Permissions; readonly member: Member }
): Slow | undefined => {
  const seconds = community.channels.get(channel)?.slowMode ?? 0
  const isExempt =
    member.user.bot ||
    Permissions.has(granted, Permissions.MANAGE_MESSAGES) ||
    Permissions.has(granted, Permissions.MANAGE_CHANNELS)
  return seconds === 0 || isExempt ? undefined : { key: `${channel} ${member.user.id}`, millis: seconds * 1_000 }
}

/** How long somebody has to wait yet. A time in the future is from before the clock was set back. */
const left = ({ written }: State, { key, millis }: Slow, now: number): number => {
  const last = Option.getOrElse(HashMap.get(written, key), () => Number.NEGATIVE_INFINITY)
  return last > now ? 0 : last + millis - now
}

/** So many are remembered; then those go who need not wait any more, whatever the channel. */
const MOST_WRITTEN = 10_000
const LONGEST = 21_600_000

const noted = ({ written }: State, { key }: Slow, now: number): State["written"] => {
  const kept =
    HashMap.size(written) < MOST_WRITTEN
      ? written
      : HashMap.filter(written, (last) => last <= now && now - last < LONGEST)
  return HashMap.set(HashMap.size(kept) < MOST_WRITTEN ? kept : HashMap.empty(), key, now)
}

/** "In the past few minutes." Milliseconds. */
const UNIQUE_FOR = 5 * 60_000

/** Of a guild's messages that are to be made once, so many are remembered. */
const MOST_UNIQUE = 256

/** The message that its author asks for again. */
const madeBefore = (
  { unique }: State,
  { author, draft }: { readonly author: UserId; readonly draft: Draft },
  now: number
): Message | undefined =>
  draft.isUnique !== true
    ? undefined
    : unique.findLast(
        (one) => one.author.user.id === author && one.draft.nonce === draft.nonce && now - one.sentAt < UNIQUE_FOR
      )

const remembered = ({ unique }: State, message: Message): ReadonlyArray<Message> =>
  message.draft.isUnique === true ? [...unique.slice(1 - MOST_UNIQUE), message] : unique

/**
 * @since 0.1.0
 * @category steps
 */
export const messages = <H>(): Steps<H, "SendMessage"> => ({
  SendMessage: (state, payload, facts): Step<H, "SendMessage"> => {
    const author = authored<H>(state.community, payload, facts)
    if (Result.isFailure(author)) return [state, [], Result.fail(author.failure)]
    const before = madeBefore(state, payload, facts.now)
    if (before !== undefined) return [state, [], Result.succeed(before)]
    const slow = slowMode(state, payload.channel, author.success)
    const retryAfter = slow === undefined ? 0 : left(state, slow, facts.now)
    if (retryAfter > 0) {
      return [state, [], Result.fail(new SlowedDown({ channel: payload.channel, user: payload.author, retryAfter }))]
    }
    const lastId = nextId(state, facts)
    const message: Message = {
      id: MessageId.make(String(lastId)),
      guildId: state.community.id,
      channelId: payload.channel,
      author: author.success.member,
      sentAt: facts.now,
      draft: payload.draft,
      mentions: author.success.mentions
    }
    const dispatch: Output<H> = {
      _tag: "Dispatch",
      event: { _tag: "MessageCreated", message },
      sessions: state.active
    }
    const isPing = message.mentions.everyone === "all"
    return [
      {
        ...state,
        lastId,
        unique: remembered(state, message),
        written: slow === undefined ? state.written : noted(state, slow, facts.now),
        lastMessages: HashMap.set(state.lastMessages, message.channelId, message.id)
      },
      isPing ? [dispatch, { _tag: "Ping", message }] : [dispatch],
      Result.succeed(message)
    ]
  }
})
