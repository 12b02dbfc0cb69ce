/** A guild with three sessions in memory: one message, who got it, and the way it took. */
import { Console, Effect, Layer, Queue } from "effect"
import { Community, Guild, Ids, Intents, Member, MemberStore, Offload, Permissions } from "../src/index.ts"
import { Sampler, Session, SessionSocket, TraceStore, Transport } from "../src/index.ts"

const id = Ids.GuildId.make("1")
const roles = [{ id: Community.everyoneId(id), name: "@everyone", permissions: Permissions.VIEW_CHANNEL }]
const general = { id: Ids.ChannelId.make("10"), name: "general", topic: "", overwrites: [] }
const member = (index: number, username: string): Member.Member => ({
  user: { id: Ids.UserId.make(String(100 + index)), username, bot: false },
  roles: [],
  joinedAt: 0
})
const ada = member(0, "Ada")
const members = [ada, member(1, "Grace"), member(2, "Joe")]
const community = Community.make({ id, name: "Salon", ownerId: ada.user.id, roles, channels: [general] })

const join = Effect.fnUntraced(function* (guild: Guild.Guild, { user }: Member.Member) {
  const { client, socket } = yield* SessionSocket.memory.make()
  const connection = Effect.provideService(SessionSocket.SessionSocket, socket)
  const session = yield* connection(Session.make({ id: Ids.SessionId.make(user.username) }))
  yield* Guild.connect(guild, session, { user: user.id, intents: Intents.GUILDS | Intents.GUILD_MESSAGES })
  yield* Queue.take(client.frames) // The guild, as this member may see it.
  return Effect.flatMap(Queue.take(client.frames), (frame) =>
    Console.log(user.username, "got", JSON.parse(frame).d.content)
  )
})

const program = Effect.gen(function* () {
  const guild = yield* Guild.make({ community, members })
  const received = yield* Effect.forEach(members, (member) => join(guild, member))
  const message = { author: ada.user.id, channel: general.id, draft: { content: "Hello", embeds: [], tts: false } }
  yield* Effect.withSpan(Transport.call(guild, "SendMessage", message), "example")
  yield* Effect.all(received)
  const store = yield* TraceStore.TraceStore
  for (const trace of yield* store.traceIds) yield* Console.table(yield* store.spans(trace), ["name", "durationMillis"])
})

const strategies = Layer.mergeAll(Sampler.always, MemberStore.heap, Offload.inline)
program.pipe(Effect.scoped, Effect.provide(Layer.provideMerge(strategies, TraceStore.ring())), Effect.runPromise)
