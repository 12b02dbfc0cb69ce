/**
 * What a client asks of its guilds over the gateway.
 *
 * Nothing of it is answered but by what happens then: what is refused has no effect, as on Discord.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#send-events
 * @since 0.1.0
 */
import { Effect, Metric, type Scope, Semaphore } from "effect"
import * as ClientFrame from "../../domain/gateway/ClientFrame.ts"
import * as EventJson from "../../domain/gateway/EventJson.ts"
import * as Opcode from "../../domain/gateway/Opcode.ts"
import * as Payload from "../../domain/gateway/Payload.ts"
import type { GuildId, UserId } from "../../domain/Ids.ts"
import * as Metrics from "../../domain/Metrics.ts"
import type { Activity, Status } from "../../domain/Presence.ts"
import type { Guild } from "../Guild.ts"
import type { Session } from "../Session.ts"
import * as Transport from "../Transport.ts"
import { chunks } from "./members.ts"

/**
 * A client that is known, and the guilds that its session is connected to; `status` and `activities` are what it said last of
 * its user.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connected {
  readonly session: Session
  readonly user: UserId
  readonly intents: number
  readonly guilds: Map<GuildId, Guild>
  status: Status
  activities: ReadonlyArray<Activity>
}

/**
 * Those of the client's frames that concern guilds.
 *
 * @since 0.1.0
 * @category models
 */
export type GuildFrame = Extract<
  ClientFrame.ClientFrame,
  {
    readonly op:
      | typeof Opcode.PRESENCE_UPDATE
      | typeof Opcode.VOICE_STATE_UPDATE
      | typeof Opcode.REQUEST_GUILD_MEMBERS
      | typeof Opcode.GUILD_SUBSCRIPTIONS
      | typeof Opcode.GUILD_SUBSCRIPTIONS_BULK
  }
>

const looks = ({ activities = false, channels = {}, threads = false, typing = false }: ClientFrame.Subscription) =>
  typing || activities || threads || Object.keys(channels).length > 0

/**
 * Of requests for members, so many may wait or be under way; who asks for more is told when to ask again.
 *
 * @since 0.1.0
 * @category limits
 */
export const MAX_WAITING = 16
/** Seconds: Discord's, which lets a client ask for all members of a guild once in so many. */
const RETRY_AFTER = 30

/**
 * Takes a client's frames to its guilds. Members are looked for beside it, one request after the other, so that a client
 * that asks for very many is heard meanwhile.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = Effect.fnUntraced(function* (
  connected: Connected
): Effect.fn.Return<(frame: GuildFrame) => Effect.Effect<void>, never, Scope.Scope> {
  const { guilds, intents, session, user } = connected
  const scope = yield* Effect.scope
  const oneAtATime = Semaphore.makeUnsafe(1)
  const own = { session: session.id, user }

  let waiting = 0

  const at = (id: GuildId, act: (guild: Guild) => Effect.Effect<unknown, unknown>) => {
    const guild = guilds.get(id)
    return guild === undefined ? Effect.void : Effect.ignore(act(guild))
  }
  const subscribed = Effect.fnUntraced(function* (guild: Guild, subscription: ClientFrame.Subscription) {
    yield* Transport.call(guild, "SetActive", { ...own, isActive: looks(subscription) })
    const { channels = {} } = subscription
    for (const channel of guild.community.channels.keys()) {
      const ranges = channels[channel]
      if (ranges !== undefined) yield* guild.members.watch({ ...own, channel, ranges })
    }
  })
  const requested = (
    guild: Guild,
    { d }: Extract<GuildFrame, { readonly op: typeof Opcode.REQUEST_GUILD_MEMBERS }>
  ) => {
    if (waiting >= MAX_WAITING) {
      const data = EventJson.membersLimited({ guild: guild.id, nonce: d.nonce ?? undefined, retryAfter: RETRY_AFTER })
      return Effect.andThen(
        Metric.update(Metrics.limited("member-requests"), 1),
        Transport.send(session.mailbox, Payload.make("RATE_LIMITED", data))
      )
    }
    waiting++
    return oneAtATime
      .withPermits(1)(Effect.ignore(chunks(guild, { session, user, intents }, d)))
      .pipe(Effect.ensuring(Effect.sync(() => waiting--)), Effect.forkIn(scope))
  }

  return (frame) => {
    switch (frame.op) {
      case Opcode.PRESENCE_UPDATE:
        return Effect.clockWith((clock) => {
          const said = ClientFrame.said(frame.d, clock.currentTimeMillisUnsafe())
          const { activities = connected.activities, status = connected.status } = said
          connected.status = status
          connected.activities = activities
          return Effect.forEach(
            guilds.values(),
            (guild) => Effect.ignore(Transport.cast(guild, "SetStatus", { ...own, status, activities })),
            { discard: true }
          )
        })
      case Opcode.VOICE_STATE_UPDATE: {
        const { channel_id, guild_id, self_deaf, self_mute } = frame.d
        if (guild_id === undefined || guild_id === null) return Effect.void
        const state = { channel: channel_id ?? null, selfMute: self_mute ?? false, selfDeaf: self_deaf ?? false }
        return at(guild_id, (guild) => Transport.call(guild, "SetVoice", { ...own, ...state }))
      }
      case Opcode.REQUEST_GUILD_MEMBERS:
        return at(frame.d.guild_id, (guild) => requested(guild, frame))
      case Opcode.GUILD_SUBSCRIPTIONS: {
        const { guild_id, ...subscription } = frame.d
        return at(guild_id, (guild) => subscribed(guild, subscription))
      }
      case Opcode.GUILD_SUBSCRIPTIONS_BULK:
        return Effect.forEach(
          guilds,
          ([id, guild]) => {
            const subscription = frame.d.subscriptions[id]
            return subscription === undefined ? Effect.void : Effect.ignore(subscribed(guild, subscription))
          },
          { discard: true }
        )
    }
  }
})
