#!/usr/bin/env bash
# @grpc/grpc-js 1.14.7: `Server.tryShutdown` waits for calls that are under way, but not for those on connections that were handed
# to it by a connection injector.
#
# Behaviour: one server listens by `bindAsync`, another is given its connections by `createConnectionInjector` from a `net.Server`
# (as one does to count connections, which the library does not). A call is under way at each when `tryShutdown` is called, which
# is to end the server gracefully. The first server calls back when the call has been answered. The second calls back at once,
# while the call goes on; whoever then does what usually follows, `forceShutdown` or the end of the process, cuts it off.
# The library calls back when its HTTP/2 servers have closed. A server closes when its own connections have, and an injected one is
# not among them; and a session that is closing already counts as closed.
# To stop gracefully, close the `net.Server` too, and wait for that: it waits for all of its connections.
#
# Output seen (Node.js 24.18.0):
#   bound: shutdown called back after the call was answered
#   injected: shutdown called back before the call was answered
#   injected, waiting for the net.Server: called back after the call was answered
#
# Fails if that changes. Needs npm, and ten seconds.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund node@24.18.0 @grpc/grpc-js@1.14.7
cat >run.mjs <<'JS'
import grpc from "@grpc/grpc-js"
import { once } from "node:events"
import net from "node:net"

const text = { serialize: (value) => Buffer.from(value), deserialize: String }
const method = {
  path: "/test.Test/Wait",
  requestStream: false,
  responseStream: false,
  requestSerialize: text.serialize,
  requestDeserialize: text.deserialize,
  responseSerialize: text.serialize,
  responseDeserialize: text.deserialize
}

const run = async (isInjected, waitsForConnections) => {
  const order = []
  const server = new grpc.Server()
  let begun
  const began = new Promise((resolve) => (begun = resolve))
  server.addService({ wait: method }, {
    wait: (_, answer) => {
      begun()
      setTimeout(() => {
        order.push("answered")
        answer(null, "done")
      }, 500)
    }
  })
  const credentials = grpc.ServerCredentials.createInsecure()
  let connections
  let port
  if (isInjected) {
    const injector = server.createConnectionInjector(credentials)
    connections = net.createServer((socket) => injector.injectConnection(socket)).listen(0, "127.0.0.1")
    await once(connections, "listening")
    port = connections.address().port
  } else {
    port = await new Promise((resolve) => server.bindAsync("127.0.0.1:0", credentials, (_, port) => resolve(port)))
  }
  const client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
  const answered = new Promise((resolve) =>
    client.makeUnaryRequest(method.path, text.serialize, text.deserialize, "x", resolve)
  )
  await began
  const shut = new Promise((resolve) => server.tryShutdown(resolve))
  const closed = new Promise((resolve) => (connections === undefined ? resolve() : connections.close(resolve)))
  await shut
  if (waitsForConnections) await closed
  order.push("shut")
  await answered
  client.close()
  return order[0] === "shut" ? "before" : "after"
}

const bound = await run(false, false)
const injected = await run(true, false)
const waiting = await run(true, true)
console.log(`bound: shutdown called back ${bound} the call was answered`)
console.log(`injected: shutdown called back ${injected} the call was answered`)
console.log(`injected, waiting for the net.Server: called back ${waiting} the call was answered`)
process.exit(bound === "after" && injected === "before" && waiting === "after" ? 0 : 1)
JS
node=$(node -p 'require("fs").realpathSync("node_modules/node/bin/node")')
"$node" run.mjs
