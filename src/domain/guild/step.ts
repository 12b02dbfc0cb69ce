/**
 * The guild, as a function: from its state and a command to the next state, what to do about it, and the answer.
 *
 * It reads no clock and no store. What it needs of them comes as {@link Facts}, so that a run can be replayed.
 *
 * @since 0.1.0
 */
import { HashMap, Option, Result } from "effect"
import * as Access from "../Access.ts"
import { messageId, type SessionId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import type { Draft, Message } from "../Message.ts"
import * as Permissions from "../Permissions.ts"
import type { Detach, Output, StartRelay } from "./Output.ts"
import type { Protocol, View } from "./Protocol.ts"
import { MissingAccess, MissingPermissions, UnknownChannel, UnknownMember } from "./Refusal.ts"
import type { Relay, State } from "./State.ts"

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

/** The relays, of which one serves so many more. */
const serving = (relays: ReadonlyArray<Relay>, index: number, more: number): ReadonlyArray<Relay> =>
  relays.map((relay, at) => (at === index ? { ...relay, sessions: relay.sessions + more } : relay))

/**
 * The relay for a session that lives at `worker`: the one that serves it already, or the first there that has room. Those
 * who live at a worker bring theirs with them, and nobody starts it.
 */
const placed = (
  { relayCapacity, relays, sessions }: State,
  session: SessionId,
  worker: string | undefined
): {
  readonly relay: number
  readonly relays: ReadonlyArray<Relay>
  readonly outputs: ReadonlyArray<StartRelay | Detach>
} => {
  const present = Option.getOrUndefined(HashMap.get(sessions, session))
  const detach: ReadonlyArray<Detach> = present === undefined ? [] : [{ _tag: "Detach", relay: present, session }]
  if (present !== undefined && relays[present]?.worker === worker) return { relay: present, relays, outputs: detach }
  const left = present === undefined ? relays : serving(relays, present, -1)
  const capacity = worker === undefined ? relayCapacity : Number.POSITIVE_INFINITY
  const free = left.findIndex((relay) => relay.worker === worker && relay.sessions < capacity)
  if (free !== -1) return { relay: free, relays: serving(left, free, 1), outputs: detach }
  const relay = left.length
  const start: ReadonlyArray<StartRelay> = worker === undefined ? [{ _tag: "StartRelay", relay }] : []
  return { relay, relays: [...left, { sessions: 1, worker }], outputs: [...detach, ...start] }
}

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

  Connect: (state, { handle, intents, session, user, worker }, facts) => {
    if (Option.isNone(facts.member)) {
      return [state, [], Result.fail(new UnknownMember({ guild: state.community.id, user }))]
    }
    const member = facts.member.value
    const view = viewOf(state, member, facts)
    const welcome = { _tag: "GuildAvailable", view } as const
    const place = placed(state, session, worker)
    const { relay } = place
    const attach: Output<H> = { _tag: "Attach", relay, session, member, intents, handle, welcome }
    return [
      { ...state, relays: place.relays, sessions: HashMap.set(state.sessions, session, relay) },
      [...place.outputs, attach],
      Result.succeed(view)
    ]
  },

  Disconnect: (state, { session, worker }) => {
    const present = HashMap.get(state.sessions, session)
    if (Option.isNone(present) || state.relays[present.value]?.worker !== worker) return [state, [], Result.void]
    const relay = present.value
    return [
      {
        ...state,
        relays: serving(state.relays, relay, -1),
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
