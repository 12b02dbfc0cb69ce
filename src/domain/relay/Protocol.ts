/**
 * What a relay understands. Its guild only ever casts: a relay that is behind holds up no answer.
 *
 * @since 0.1.0
 */
import { type Effect, Schema } from "effect"
import { Change, type Community } from "../Community.ts"
import * as Payload from "../gateway/Payload.ts"
import { ChannelId, MessageId, SessionId } from "../Ids.ts"
import { Member } from "../Member.ts"
import { Mentions } from "../Mentions.ts"
import type { SessionHandle } from "../session/Session.ts"
import { VoiceState } from "../VoiceState.ts"
import type { Alteration } from "./Alteration.ts"
import type { Subscriber } from "./Subscribers.ts"

/**
 * A session comes to this relay; `welcome` reaches it before anything else does. If another relay may still have something
 * for it, `after` waits for that relay.
 *
 * @since 0.1.0
 * @category commands
 */
export interface Attach<out S> {
  readonly subscriber: Subscriber<S>
  readonly isActive: boolean
  readonly welcome: Payload.Payload
  readonly after?: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category commands
 */
export const Detach = Schema.Struct({ session: SessionId })
/**
 * As it comes to a relay. The relay runs `gone` once all that it had for the session has been delivered.
 *
 * @since 0.1.0
 * @category commands
 */
export interface Detach extends Schema.Schema.Type<typeof Detach> {
  readonly gone?: Effect.Effect<void>
}

/**
 * A session looks at the guild from now on, and first of all gets the snapshot; without one, it looks elsewhere.
 *
 * @since 0.1.0
 * @category commands
 */
export const Turn = Schema.Struct({ session: SessionId, snapshot: Schema.optionalKey(Payload.schema) })

/**
 * Fan a payload out to the active sessions of those who may see `channel`, if it happened in one, and want to hear of this
 * kind of event. `sessions` is how many of them all relays serve together: from its own share a relay can tell how large
 * the whole fan-out is. Of a message it says which, and whom it calls: passive sessions of theirs get it too.
 *
 * @since 0.1.0
 * @category commands
 */
export const Dispatch = Schema.Struct({
  payload: Payload.schema,
  intent: Schema.Int,
  channel: Schema.optionalKey(ChannelId),
  sessions: Schema.Int,
  message: Schema.optionalKey(Schema.Struct({ id: MessageId, calls: Mentions }))
})
/**
 * @since 0.1.0
 * @category commands
 */
export type Dispatch = typeof Dispatch.Type

/**
 * Roles or channels are different, and every session is to hear what that means to it. `voice` is who is in voice channels
 * whose audience changed. This is what crosses to another thread; within one, all relays share the `alteration`.
 *
 * @since 0.1.0
 * @category commands
 */
export const Restructure = Schema.Struct({ changes: Schema.Array(Change), voice: Schema.Array(VoiceState) })
/**
 * @since 0.1.0
 * @category commands
 */
export type Restructure = typeof Restructure.Type & { readonly alteration?: Alteration }

/**
 * Somebody joined, has other roles or another name, or is no member any more. `payload` is for those who want to hear of
 * members, and for the member. `voice` is who is in voice channels.
 *
 * @since 0.1.0
 * @category commands
 */
export const Enrol = Schema.Struct({
  member: Member,
  became: Schema.Literals(["added", "updated", "removed"]),
  payload: Payload.schema,
  voice: Schema.Array(VoiceState)
})
/**
 * @since 0.1.0
 * @category commands
 */
export type Enrol = typeof Enrol.Type

const { channel: _, ...rest } = VoiceState.fields

/**
 * Somebody was in the voice channel `before`, if in any, and is in `channel` now, if in any.
 *
 * @since 0.1.0
 * @category commands
 */
export const Speak = Schema.Struct({
  before: Schema.NullOr(ChannelId),
  channel: Schema.NullOr(ChannelId),
  state: Schema.Struct(rest)
})
/**
 * @since 0.1.0
 * @category commands
 */
export type Speak = typeof Speak.Type

/**
 * A session looks at some rows of a channel's member list, and first of all gets how they are; all who look at the same have
 * the same key. Without one, it looks at none any more.
 *
 * @since 0.1.0
 * @category commands
 */
export const Watch = Schema.Struct({
  session: SessionId,
  channel: ChannelId,
  key: Schema.optionalKey(Schema.String),
  payload: Schema.optionalKey(Payload.schema)
})
/**
 * @since 0.1.0
 * @category commands
 */
export type Watch = typeof Watch.Type

/**
 * For all who look at the same.
 *
 * @since 0.1.0
 * @category commands
 */
export const Tell = Schema.Struct({ channel: ChannelId, key: Schema.String, payload: Payload.schema })
/**
 * @since 0.1.0
 * @category commands
 */
export type Tell = typeof Tell.Type

type Cast<Payload> = { readonly payload: Payload; readonly success: void; readonly error: never }

/**
 * @since 0.1.0
 * @category models
 */
export interface Protocol<S = SessionHandle> {
  readonly Attach: Cast<Attach<S>>
  readonly Detach: Cast<Detach>
  readonly Turn: Cast<typeof Turn.Type>
  readonly Dispatch: Cast<Dispatch>
  readonly Restructure: Cast<Restructure>
  readonly Enrol: Cast<Enrol>
  readonly Speak: Cast<Speak>
  readonly Watch: Cast<Watch>
  readonly Tell: Cast<Tell>
  /** The last: it has come the same way as all that went before. */
  readonly Stop: Cast<void>
}

/**
 * A session as another thread knows it.
 *
 * @since 0.1.0
 * @category models
 */
export interface SessionRef {
  readonly id: SessionId
  /** Which of its requests to connect this is about, as its thread numbers them. */
  readonly connection: number
}

/**
 * What the relay understands that stands for all sessions at a worker: first of all, what the guild is like.
 *
 * @since 0.1.0
 * @category models
 */
export interface OutletProtocol extends Protocol<SessionRef> {
  readonly Begin: Cast<{ readonly community: Community }>
}
