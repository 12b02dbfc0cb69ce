/** eris, whose address of the API is built in, as is that it is reached by TLS. */
import http from "node:http"
import https from "node:https"
import { createRequire } from "node:module"
import { compression, listen, ready, said, token, url } from "./driver.mjs"

const { hostname, port } = new URL(url)
https.request = (options, answered) => http.request({ ...options, agent: undefined, host: hostname, port }, answered)
const Eris = createRequire(import.meta.url)("eris")

const client = new Eris.Client(`Bot ${token}`, {
  intents: ["all"],
  compress: compression !== "",
  rest: { baseURL: "/api/v10" }
})
const guild = () => client.guilds.values().next().value
const channel = (name) => guild().channels.find((one) => one.name === name)

client.on("ready", () => ready(client.user, guild(), guild()?.memberCount, guild()?.channels))
client.on("messageCreate", ({ author, content }) => said("message", { author: author.username, content }))
client.on("presenceUpdate", ({ id, status }) => said("presence", { user: id, status }))
client.on("voiceChannelJoin", ({ id }, { name }) => said("voice", { user: id, channel: name }))
client.on("voiceChannelLeave", ({ id }) => said("voice", { user: id, channel: null }))
client.on("shardDisconnect", () => said("away"))
client.on("shardResume", () => said("resumed"))
client.on("error", (error) => said("error", { reason: String(error) }))

listen({
  say: (where, ...words) => client.createMessage(channel(where).id, words.join(" ")),
  status: (status) => client.editStatus(status, { name: "a game", type: 0 }),
  join: (where) =>
    guild().shard.sendWS(4, {
      guild_id: guild().id,
      channel_id: channel(where).id,
      self_mute: false,
      self_deaf: false
    }),
  members: async () => said("members", { count: (await guild().fetchMembers()).length })
})
await client.connect()
