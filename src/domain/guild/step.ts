/**
 * The guild, as a function: from its state and a command to the next state, what to do about it, and the answer.
 *
 * It reads no clock and no store. What it needs of them comes as {@link Facts}, so that a run can be replayed.
 *
 * @since 0.1.0
 */
import { HashMap, Option, Result } from "effect"
import * as Access from "../Access.ts"
import { messageId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Draft, Message } from "../Message.ts"
import * as Permissions from "../Permissions.ts"
import type { Output } from "./Output.ts"
import type { Protocol, View } from "./Protocol.ts"
import { MissingAccess, MissingPermissions, UnknownChannel, UnknownMember } from "./Refusal.ts"
import type { State } from "./State.ts"

/**
 * What was looked up for a command. `now` is Unix time in milliseconds; `member` the user whom the command speaks for;
 * `roster` the members to describe, of `memberCount` in all.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  readonly now: number
  readonly member: Option.Option<Member>
  readonly roster: ReadonlyArray<Member>
  readonly memberCount: number
}

/**
 * @since 0.1.0
 * @category models
 */
export type Step<H, Tag extends keyof Protocol<H>> = readonly [
  state: State,
  outputs: ReadonlyArray<Output<H>>,
  reply: Result.Result<Protocol<H>[Tag]["success"], Protocol<H>[Tag]["error"]>
]

type Handlers<H> = {
  readonly [Tag in keyof Protocol<H>]: (
    state: State,
    payload: Protocol<H>[Tag]["payload"],
    facts: Facts
  ) => Step<H, Tag>
}

/** What it takes to send this. */
const needed = ({ embeds, tts }: Draft): Permissions.Permissions =>
  Permissions.SEND_MESSAGES |
  (embeds.length > 0 ? Permissions.EMBED_LINKS : Permissions.NONE) |
  (tts ? Permissions.SEND_TTS_MESSAGES : Permissions.NONE)

/** The guild as this member may see it. */
const viewOf = ({ community }: State, member: Member, { memberCount, roster }: Facts): View => ({
  community: {
    ...community,
    channels: new Map(
      Array.from(community.channels).filter(([, channel]) =>
        Permissions.has(Access.inChannel(community, channel, member), Permissions.VIEW_CHANNEL)
      )
    )
  },
  member,
  members: roster,
  memberCount
})

const handlers = <H>(): Handlers<H> => ({
  SendMessage: (state, { author, channel: id, draft }, { member, now }) => {
    const refuse = (error: Protocol<H>["SendMessage"]["error"]): Step<H, "SendMessage"> => [
      state,
      [],
      Result.fail(error)
    ]
    const { community } = state
    if (Option.isNone(member)) return refuse(new UnknownMember({ guild: community.id, user: author }))
    const channel = community.channels.get(id)
    if (channel === undefined) return refuse(new UnknownChannel({ channel: id }))
    const granted = Access.inChannel(community, channel, member.value)
    if (!Permissions.has(granted, Permissions.VIEW_CHANNEL)) {
      return refuse(new MissingAccess({ channel: id, user: author }))
    }
    if (!Permissions.has(granted, needed(draft))) {
      return refuse(new MissingPermissions({ channel: id, user: author }))
    }
    const message: Message = {
      id: messageId(now, state.sequence),
      guildId: community.id,
      channelId: id,
      author: member.value,
      sentAt: now,
      draft
    }
    return [
      { ...state, sequence: state.sequence + 1 },
      [{ _tag: "Dispatch", event: { _tag: "MessageCreated", message }, sessions: HashMap.size(state.sessions) }],
      Result.succeed(message)
    ]
  },

  Connect: (state, { handle, intents, session, user }, facts) => {
    if (Option.isNone(facts.member)) {
      return [state, [], Result.fail(new UnknownMember({ guild: state.community.id, user }))]
    }
    const member = facts.member.value
    const view = viewOf(state, member, facts)
    const welcome = { _tag: "GuildAvailable", view } as const
    const present = HashMap.get(state.sessions, session)
    if (Option.isSome(present)) {
      const relay = present.value
      const outputs: ReadonlyArray<Output<H>> = [
        { _tag: "Detach", relay, session },
        { _tag: "Attach", relay, session, member, intents, handle, welcome }
      ]
      return [state, outputs, Result.succeed(view)]
    }
    const free = state.relays.findIndex((sessions) => sessions < state.relayCapacity)
    const relay = free === -1 ? state.relays.length : free
    const attach: Output<H> = { _tag: "Attach", relay, session, member, intents, handle, welcome }
    return [
      {
        ...state,
        relays: free === -1 ? [...state.relays, 1] : state.relays.with(relay, (state.relays[relay] ?? 0) + 1),
        sessions: HashMap.set(state.sessions, session, relay)
      },
      free === -1 ? [{ _tag: "StartRelay", relay }, attach] : [attach],
      Result.succeed(view)
    ]
  },

  Disconnect: (state, { session }) => {
    const present = HashMap.get(state.sessions, session)
    if (Option.isNone(present)) return [state, [], Result.void]
    const relay = present.value
    return [
      {
        ...state,
        relays: state.relays.with(relay, (state.relays[relay] ?? 1) - 1),
        sessions: HashMap.remove(state.sessions, session)
      },
      [{ _tag: "Detach", relay, session }],
      Result.void
    ]
  },

  Describe: (state, { user }, facts) => [
    state,
    [],
    Option.match(facts.member, {
      onNone: () => Result.fail(new UnknownMember({ guild: state.community.id, user })),
      onSome: (member) => Result.succeed(viewOf(state, member, facts))
    })
  ],

  Status: (state) => [
    state,
    [],
    Result.succeed({ sessions: HashMap.size(state.sessions), relays: state.relays.length })
  ]
})

/**
 * @since 0.1.0
 * @category transitions
 */
export const step = <H, Tag extends keyof Protocol<H>>(
  state: State,
  tag: Tag,
  payload: Protocol<H>[Tag]["payload"],
  facts: Facts
): Step<H, Tag> => handlers<H>()[tag](state, payload, facts)
