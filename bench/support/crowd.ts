/** A guild and a crowd of sessions whose sockets only count: what is measured with it is the way to them. */
import { Deferred, Effect } from "effect"
import { Guild, Ids, Intents, Session, type SessionSocket, Transport } from "../../src/index.ts"
import { community, general, member } from "../../examples/support/salon.ts"

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

/** The one user whom all sessions are: members are another matter. */
export const author = member(0)

/** Connects so many sessions to a guild, whose sockets say when a message has come, and no more. */
export const connect = Effect.fnUntraced(function* (guild: Guild.Guild, size: number, arrive: () => void, first = 0) {
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
  const one = (index: number) => {
    const session = start({ id: Ids.SessionId.make((first + index).toString(16).padStart(32, "0")), socket })
    const payload = { session: session.id, user: author.user.id, intents: Intents.GUILD_MESSAGES, handle: session }
    return Transport.call(guild, "Connect", payload, { timeout: "1 minute" })
  }
  for (let index = 0; index < size; index += AT_ONCE) {
    const some = Array.from({ length: Math.min(AT_ONCE, size - index) }, (_, nth) => one(index + nth))
    yield* Effect.all(some, { concurrency: "unbounded", discard: true })
  }
})

/** Says a word in a guild. */
export const say = (guild: Guild.Guild) =>
  Transport.call(guild, "SendMessage", {
    author: author.user.id,
    channel: general.id,
    draft: { content: "hello", embeds: [], tts: false }
  })

/** Starts the guild and connects so many; what it gives says a word, and waits until all have it. */
export const make = Effect.fnUntraced(function* (size: number) {
  const { arrive, expect } = counter()
  const guild = yield* Guild.make({ community, members: [author] })
  const welcomed = expect(size)
  yield* connect(guild, size, arrive)
  yield* welcomed
  return Effect.suspend(() => {
    const everyone = expect(size)
    return Effect.andThen(say(guild), everyone)
  })
})
