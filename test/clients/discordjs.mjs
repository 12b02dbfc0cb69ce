/** discord.js, and @discordjs/ws below it: it asks for `zlib-stream` as soon as zlib-sync is installed. */
import { listen, ready, said, token, url } from "./driver.mjs"

const { Client, Events, GatewayIntentBits } = await import("discord.js")

const client = new Client({
  intents: Object.values(GatewayIntentBits).filter((bit) => typeof bit === "number"),
  rest: { api: `${url}/api` }
})
const guild = () => client.guilds.cache.first()
const channel = (name) => guild().channels.cache.find((one) => one.name === name)

client.on(Events.ShardReady, () => ready(client.user, guild(), guild()?.memberCount, guild()?.channels.cache))
client.on(Events.MessageCreate, ({ author, content }) => said("message", { author: author.username, content }))
client.on(Events.PresenceUpdate, (_before, { status, userId }) => said("presence", { user: userId, status }))
client.on(Events.VoiceStateUpdate, (_before, { channel, id }) =>
  said("voice", { user: id, channel: channel?.name ?? null })
)
client.on(Events.ShardReconnecting, () => said("away"))
client.on(Events.ShardResume, () => said("resumed"))
client.on(Events.Error, (error) => said("error", { reason: String(error) }))

listen({
  say: (where, ...words) => channel(where).send(words.join(" ")),
  status: (status) => client.user.setPresence({ status, activities: [{ name: "a game", type: 0 }] }),
  join: (where) =>
    guild().shard.send({
      op: 4,
      d: { guild_id: guild().id, channel_id: channel(where).id, self_mute: false, self_deaf: false }
    }),
  members: async () => said("members", { count: (await guild().members.fetch()).size })
})
await client.login(token)
