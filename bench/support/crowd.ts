/** A guild and a crowd of sessions whose sockets only count: what is measured with it is the way to them. */
import { Deferred, Effect } from "effect"
import { Guild, Ids, Intents, type Member, Session, type SessionSocket, Transport } from "../../src/index.ts"
import { community, general, member } from "../../examples/support/salon.ts"
import { seeded } from "../../test/support/random.ts"

/** Counts what arrives, and says when everyone has had the message. */
export const counter = () => {
  let missing = 0
  let done = Deferred.makeUnsafe<void>()
  return {
    arrive: (): void => {
      if (--missing === 0) Deferred.doneUnsafe(done, Effect.void)
    },
    expect: (count: number): Effect.Effect<void> => {
      missing = count
      done = Deferred.makeUnsafe()
      return Deferred.await(done)
    }
  }
}

/** How many connect at a time. */
const AT_ONCE = 64

/** Whoever says something; the sessions are each another member's. */
export const author = member(0)

/** The members of so many sessions, from a first one on. */
export const members = (size: number, first = 0): Iterable<Member.Member> => ({
  *[Symbol.iterator]() {
    yield author
    for (let index = 0; index < size; index++) yield member(1 + first + index)
  }
})

interface Options {
  /** The first session's number. */
  readonly first?: number
  /** Which of them look elsewhere. */
  readonly isPassive?: (index: number) => boolean
  /** They connect in another order than that in which their memory lies, as it comes to be when people come and go for hours. */
  readonly isScattered?: boolean
}

const nobody = () => false

/** The same each time. */
const shuffled = <A>(all: Array<A>): ReadonlyArray<A> => {
  const random = seeded(1)
  return all
    .map((one) => ({ one, at: random() }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ one }) => one)
}

/** The session of that number, and whose it is. */
export const visitor = (index: number) => ({
  session: Ids.SessionId.make(index.toString(16).padStart(32, "0")),
  user: member(1 + index).user.id
})

/** Connects so many sessions to a guild, whose sockets say when a message has come, and no more. */
export const connect = Effect.fnUntraced(function* (
  guild: Guild.Guild,
  size: number,
  arrive: () => void,
  { first = 0, isPassive = nobody, isScattered = false }: Options = {}
) {
  const socket: SessionSocket.SessionSocket["Service"] = {
    receive: Effect.never,
    send: () => Effect.sync(arrive),
    sendUnsafe: () => {
      arrive()
      return true
    },
    close: () => Effect.void
  }
  const start = yield* Session.starter()
  const started = (index: number) => {
    const who = visitor(first + index)
    return { index, who, session: start({ id: who.session, socket }) }
  }
  const all = isScattered ? shuffled(Array.from({ length: size }, (_, index) => started(index))) : []
  const one = (nth: number) => {
    const { index, session, who } = all[nth] ?? started(nth)
    const payload = {
      ...who,
      intents: Intents.GUILD_MESSAGES,
      isPassive: isPassive(index),
      handle: session
    }
    return Transport.call(guild, "Connect", payload, { timeout: "1 minute" })
  }
  for (let index = 0; index < size; index += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, size - index) }, (_, nth) => one(index + nth))
    yield* Effect.all(some, { concurrency: "unbounded", discard: true })
  }
})

/** Says a word in a guild. */
export const say = (guild: Guild.Guild, channel: Ids.ChannelId = general.id) =>
  Transport.call(guild, "SendMessage", {
    author: author.user.id,
    channel,
    draft: { content: "hello", embeds: [], tts: false }
  })

/**
 * Starts the guild, does what is to be done before anybody comes, and connects so many; what it gives says a word, and
 * waits until all who look have it.
 */
export const make = Effect.fnUntraced(function* <R = never>(
  size: number,
  { before, ...options }: Options & { readonly before?: Effect.Effect<unknown, never, R> } = {}
) {
  const { arrive, expect } = counter()
  const guild = yield* Guild.make({ community, members: members(size) })
  if (before !== undefined) yield* before
  const welcomed = expect(size)
  yield* connect(guild, size, arrive, options)
  yield* welcomed
  const { isPassive = nobody } = options
  const active = Array.from({ length: size }, (_, index) => index).filter((index) => !isPassive(index)).length
  return Effect.suspend(() => {
    const everyone = expect(active)
    return Effect.andThen(say(guild), everyone)
  })
})
