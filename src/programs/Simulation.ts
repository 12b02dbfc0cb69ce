/**
 * A crowd that is not there: members and sessions of a guild that behave as people do, so that one can see how it is among
 * very many. Their sockets take everything, and throw it away.
 *
 * @since 0.1.0
 */
import { Array as Arr, Effect, Layer, Random, Schedule } from "effect"
import * as Detached from "../domain/Detached.ts"
import * as Intents from "../domain/gateway/Intents.ts"
import { type RoleId, SessionId, UserId } from "../domain/Ids.ts"
import type { Member } from "../domain/Member.ts"
import type { SessionSocket } from "../domain/SessionSocket.ts"
import type { Guild } from "./Guild.ts"
import { Guilds } from "./Guilds.ts"
import * as Session from "./Session.ts"
import * as Transport from "./Transport.ts"

/** How many connect at a time: others want something of the guild too. */
const AT_ONCE = 16

/** Of sessions in large guilds, after the post: "around 90% of user-guild connections in large servers were passive". */
const PASSIVE = 0.9

/** Ids that nobody else has here. */
const FIRST_ID = 1_300_000_000_000_000_000n

const userOf = (index: number) => UserId.make(String(FIRST_ID + BigInt(index)))

/**
 * The members of the crowd. One in fifty bears `role`, if there is one for them.
 *
 * @since 0.1.0
 * @category constructors
 */
export const members = (count: number, role?: RoleId): Iterable<Member> => ({
  *[Symbol.iterator]() {
    for (let index = 0; index < count; index++) {
      yield {
        user: { id: userOf(index), username: `member-${String(index).padStart(6, "0")}`, bot: true },
        roles: role !== undefined && index % 50 === 0 ? [role] : [],
        joinedAt: Date.UTC(2024, 0, 1)
      }
    }
  }
})

const socket: SessionSocket["Service"] = {
  receive: Effect.never,
  send: () => Effect.void,
  sendUnsafe: () => true,
  close: () => Effect.void
}

/** Things that people say. */
const WORDS = Arr.make("hello", "I love jello", "who is there?", "good morning", "see you", "what did I miss?")

interface Visitor {
  readonly session: Session.Session
  readonly user: UserId
}

const looksAway = Effect.map(Random.next, (dice) => dice < PASSIVE)

const connected = Effect.fnUntraced(function* (guild: Guild, user: UserId, id: SessionId, start: Session.Start) {
  const isPassive = yield* looksAway
  const session = start({ id, socket })
  const intents = Intents.GUILDS | Intents.GUILD_MESSAGES | Intents.GUILD_VOICE_STATES
  yield* Transport.call(
    guild,
    "Connect",
    { session: id, user, intents, isPassive, handle: session },
    { timeout: "1 minute" }
  )
  return { session, user } satisfies Visitor
})

/**
 * One of them does something: looks at the guild or, more often, away; joins a call or leaves it; and now and then says
 * something.
 */
const act = Effect.fnUntraced(function* (guild: Guild, visitor: Visitor) {
  const { user } = visitor
  const session = visitor.session.id
  const channels = Array.from(guild.community.channels.values())
  const among = (kind: "text" | "voice") => channels.filter((channel) => channel.kind === kind)
  const dice = yield* Random.next
  if (dice < 0.7) {
    const isActive = !(yield* looksAway)
    return yield* Transport.call(guild, "SetActive", { session, user, isActive })
  }
  if (dice < 0.9) {
    const [room] = yield* Random.shuffle(among("voice"))
    const channel = (yield* Random.nextBoolean) ? (room?.id ?? null) : null
    return yield* Transport.call(guild, "SetVoice", { session, user, channel, selfMute: false, selfDeaf: false })
  }
  const [channel] = among("text")
  const content = yield* Random.choice(WORDS)
  if (channel === undefined) return
  const draft = { content, embeds: [], tts: false }
  yield* Transport.call(guild, "SendMessage", { author: user, channel: channel.id, draft })
})

/**
 * Connects a session for every `step`-th of `count` members from `first` on to the first guild, and lets them live: so many
 * things `perSecond` they do together. It goes on in the background, until the Layer's scope closes.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = ({
  count,
  first = 0,
  perSecond = 10,
  step = 1
}: {
  readonly count: number
  readonly first?: number
  readonly step?: number
  readonly perSecond?: number
}): Layer.Layer<never, never, Guilds> =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const { all } = yield* Guilds
      const [guild] = all
      if (guild === undefined || count === 0) return
      const start = yield* Session.starter()
      const visitors: Array<Visitor> = []
      yield* Effect.addFinalizer(() => Effect.forEach(visitors, ({ session }) => session.stop, { discard: true }))
      const indices = Array.from({ length: Math.ceil((count - first) / step) }, (_, nth) => first + nth * step)
      const coming = Effect.forEach(
        indices,
        (index) =>
          Effect.map(connected(guild, userOf(index), SessionId.make(`simulated-${index}`), start), (visitor) => {
            visitors.push(visitor)
          }),
        { concurrency: AT_ONCE, discard: true }
      )
      const living = Effect.gen(function* () {
        const visitor = visitors[yield* Random.nextIntBetween(0, Math.max(1, visitors.length))]
        if (visitor !== undefined) yield* Effect.ignore(act(guild, visitor))
      }).pipe(Effect.repeat(Schedule.spaced(`${1000 / perSecond} millis`)))
      yield* Detached.forkScoped(Effect.catchCause(coming, (cause) => Effect.logError("the crowd did not come", cause)))
      yield* Detached.forkScoped(living)
    })
  )
