/** An unmodified discord.js client, and what it hears. */
import {
  ChannelType,
  Client,
  type ClientOptions,
  Events,
  GatewayIntentBits,
  type Guild,
  type Message,
  type TextChannel
} from "discord.js"
import { Effect, Queue, type Scope } from "effect"

const TEXT = [GatewayIntentBits.Guilds, GatewayIntentBits.GuildMessages, GatewayIntentBits.MessageContent]

export interface Bot {
  readonly client: Client<true>
  readonly messages: Queue.Dequeue<Message>
  readonly channel: (name: string) => TextChannel
  readonly guild: () => Guild
}

export const options = (url: string, intents: ReadonlyArray<GatewayIntentBits> = TEXT): ClientOptions => ({
  intents,
  // The one thing that differs from a bot on Discord.
  rest: { api: `${url}/api` }
})

export const login = Effect.fnUntraced(function* (
  url: string,
  token: string,
  intents?: ReadonlyArray<GatewayIntentBits>
): Effect.fn.Return<Bot, never, Scope.Scope> {
  const client = yield* Effect.acquireRelease(
    Effect.sync(() => new Client(options(url, intents))),
    (client) => Effect.promise(() => client.destroy())
  )
  const messages = yield* Queue.unbounded<Message>()
  // Unheard, an error would end the process.
  client.on(Events.Error, () => {})
  client.on(Events.MessageCreate, (message) => void Queue.offerUnsafe(messages, message))
  const ready = yield* Effect.promise(async () => {
    const ready = new Promise<Client<true>>((done) => client.once(Events.ClientReady, done))
    await client.login(token)
    return ready
  })
  const channel = (name: string): TextChannel => {
    const found = ready.guilds.cache.first()?.channels.cache.find((one) => one.name === name)
    if (found?.type !== ChannelType.GuildText) throw new Error(`there is no text channel ${name}`)
    return found
  }
  const guild = (): Guild => {
    const found = ready.guilds.cache.first()
    if (found === undefined) throw new Error("it is in no guild")
    return found
  }
  return { client: ready, messages, channel, guild }
})
