/**
 * How a guild takes what concerns messages.
 *
 * @since 0.1.0
 */
import { HashMap, Option, Result } from "effect"
import * as Access from "../../Access.ts"
import type { Community } from "../../Community.ts"
import { MessageId } from "../../Ids.ts"
import type { Member } from "../../Member.ts"
import type { Mentions } from "../../Mentions.ts"
import type { Draft, Message } from "../../Message.ts"
import * as Permissions from "../../Permissions.ts"
import { called, type Facts } from "../Facts.ts"
import type { Output } from "../Output.ts"
import type { Protocol } from "../Protocol.ts"
import { MissingAccess, MissingPermissions, UnknownChannel, UnknownMember, WrongChannel } from "../Refusal.ts"
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
  { readonly member: Member; readonly mentions: Message["mentions"] },
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
  return Result.succeed({ member, mentions: isBare ? NOBODY : mentioned(community, wanted, granted, facts) })
}

/**
 * @since 0.1.0
 * @category steps
 */
export const messages = <H>(): Steps<H, "SendMessage"> => ({
  SendMessage: (state, payload, facts): Step<H, "SendMessage"> => {
    const author = authored<H>(state.community, payload, facts)
    if (Result.isFailure(author)) return [state, [], Result.fail(author.failure)]
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
        lastMessages: HashMap.set(state.lastMessages, message.channelId, message.id)
      },
      isPing ? [dispatch, { _tag: "Ping", message }] : [dispatch],
      Result.succeed(message)
    ]
  }
})
