/** A guild with as many in-memory sessions as one likes, for examples and benches that are about something else. */
import { Effect, Queue } from "effect"
import { Community, Guild, Ids, Intents, Member, Permissions } from "../../src/index.ts"
import { Session, SessionSocket, Transport } from "../../src/index.ts"

const id = Ids.GuildId.make("1")
export const general = { id: Ids.ChannelId.make("10"), name: "general", topic: "", overwrites: [] }
const roles = [{ id: Community.everyoneId(id), name: "@everyone", permissions: Permissions.VIEW_CHANNEL }]

export const member = (index: number): Member.Member => ({
  user: { id: Ids.UserId.make(String(1000 + index)), username: `user-${index}`, bot: false },
  roles: [],
  joinedAt: 0
})

const owner = member(0)

/** One channel, in which everybody may read and only the owner writes. */
export const community = Community.make({ id, name: "Salon", ownerId: owner.user.id, roles, channels: [general] })

/**
 * Starts the guild and connects `size` sessions. What it gives says a text as the owner, and waits until
 * everybody has it.
 */
export const make = Effect.fnUntraced(function* (size: number) {
  const members = Array.from({ length: size }, (_, index) => member(index))
  const guild = yield* Guild.make({ community, members })
  const clients = yield* Effect.forEach(members, ({ user }) =>
    Effect.gen(function* () {
      const { client, socket } = yield* SessionSocket.memory.make()
      const connection = Effect.provideService(SessionSocket.SessionSocket, socket)
      const session = yield* connection(Session.make({ id: Ids.SessionId.make(user.id) }))
      yield* Guild.connect(guild, session, { user: user.id, intents: Intents.GUILD_MESSAGES })
      yield* Queue.take(client.frames)
      return client
    })
  )
  return (content: string) =>
    Effect.andThen(
      Transport.call(guild, "SendMessage", {
        author: owner.user.id,
        channel: general.id,
        draft: { content, embeds: [], tts: false }
      }),
      Effect.forEach(clients, ({ frames }) => Queue.take(frames), { discard: true })
    )
})
