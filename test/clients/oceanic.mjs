/** oceanic.js, with or without a compressed gateway. */
import { api, compression, listen, ready, said, token } from "./driver.mjs"

const { Client } = await import("oceanic.js")

const client = new Client({
  auth: `Bot ${token}`,
  rest: { baseURL: api },
  gateway: { intents: ["ALL"], getAllUsers: false, compress: compression === "" ? false : compression }
})
const guild = () => client.guilds.values().next().value
const channel = (name) => guild().channels.find((one) => one.name === name)

client.on("ready", () => ready(client.user, guild(), guild()?.memberCount, guild()?.channels))
client.on("messageCreate", ({ author, content }) => said("message", { author: author.username, content }))
client.on("presenceUpdate", (_guild, member, { status }) => said("presence", { user: member.id, status }))
client.on("voiceChannelJoin", (member, { name }) => said("voice", { user: member.id, channel: name }))
client.on("voiceChannelLeave", (member) => said("voice", { user: member.id, channel: null }))
client.on("shardDisconnect", () => said("away"))
client.on("shardResume", () => said("resumed"))
client.on("error", (error) => said("error", { reason: String(error) }))

listen({
  say: (where, ...words) => channel(where).createMessage({ content: words.join(" ") }),
  status: (status) => client.editStatus(status, [{ name: "a game", type: 0 }]),
  join: (where) => guild().shard.updateVoiceState(guild().id, channel(where).id, { selfDeaf: false, selfMute: false }),
  members: async () => said("members", { count: (await guild().fetchMembers()).length })
})
await client.connect()
