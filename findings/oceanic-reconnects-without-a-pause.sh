#!/usr/bin/env bash
# oceanic.js 1.15.0: a client whose gateway cannot be reached for a while tries again without any pause.
#
# Behaviour: a gateway tells its client to reconnect (opcode 7) and stops listening, as one does that is restarted. Each connection
# is refused, and each time the client tries again at once, by the address for resuming: thousands of times a second, with an
# "error" and a "shardDisconnect" event for each, until the gateway is back. (discord.js 14.28.1, eris 0.18.0 and discord.py 2.2.2
# wait between tries.) A gateway that is restarted meets all such clients at that rate.
#
# Output seen (Node.js 24.18.0):
#   tries in three seconds: 17178
#
# Fails if that changes: at 300 tries or fewer. Needs npm, and twenty seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.18.0 oceanic.js@1.15.0 ws@8.18.3
cat >run.cjs << 'JS'
const { createServer } = require("node:http")
const { WebSocketServer } = require("ws")
const { Client } = require("oceanic.js")

const server = createServer((request, response) => {
  const url = `ws://127.0.0.1:${server.address().port}`
  response.setHeader("content-type", "application/json")
  response.end(JSON.stringify({ url, shards: 1, session_start_limit: { total: 1, remaining: 1, reset_after: 0, max_concurrency: 1 } }))
})
const sockets = new WebSocketServer({ server })
sockets.on("connection", (socket) => {
  const say = (op, d, t = null, s = null) => socket.send(JSON.stringify({ op, d, t, s }))
  say(10, { heartbeat_interval: 45000 })
  socket.on("message", (data) => {
    if (JSON.parse(data).op !== 2) return
    const user = { id: "1", username: "bot", discriminator: "0", global_name: null, avatar: null, bot: true, public_flags: 0, flags: 0 }
    const url = `ws://127.0.0.1:${server.address().port}`
    say(0, { v: 10, user, guilds: [], session_id: "a", resume_gateway_url: url, application: { id: "1", flags: 0 } }, "READY", 1)
  })
})

server.listen(0, "127.0.0.1", async () => {
  const baseURL = `http://127.0.0.1:${server.address().port}/api/v10`
  const client = new Client({ auth: "Bot token", rest: { baseURL }, gateway: { intents: [] } })
  let tries = 0
  client.on("error", () => tries++)
  client.on("ready", () => {
    for (const socket of sockets.clients) {
      socket.send(JSON.stringify({ op: 7, d: null, t: null, s: null }))
      socket.close(1001)
    }
    server.close()
    setTimeout(() => {
      console.log(`tries in three seconds: ${tries}`)
      process.exit(tries > 300 ? 0 : 1)
    }, 3000)
  })
  await client.connect()
})
JS
node_modules/.bin/node run.cjs
