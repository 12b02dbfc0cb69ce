import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as ClientFrame from "../../../src/domain/gateway/ClientFrame.ts"
import * as Opcode from "../../../src/domain/gateway/Opcode.ts"

const closeCode = (frame: string | Uint8Array) => {
  const decoded = ClientFrame.decode(frame)
  return Result.isFailure(decoded) ? decoded.failure.code : undefined
}

/** What a frame says; nothing where it is left out. */
const said = (frame: string): unknown => {
  const decoded = ClientFrame.decode(frame)
  return Result.isSuccess(decoded) ? decoded.success?.d : `closed with ${decoded.failure.code}`
}

const LARGE = "1275832345678901234"

describe("ClientFrame", () => {
  it.each([
    ["not JSON", "{", 4002],
    ["not an object", "[]", 4002],
    ["no opcode", `{"d":null}`, 4002],
    ["an opcode that is no number", `{"op":"1","d":null}`, 4002],
    ["a fraction of an opcode", `{"op":1.5}`, 4002],
    ["an unknown opcode", `{"op":99,"d":null}`, 4001],
    ["an opcode of the server's", `{"op":${Opcode.HELLO},"d":{}}`, 4001],
    ["identify without a token", `{"op":2,"d":{"intents":1}}`, 4002],
    ["bytes", new Uint8Array([1, 2, 3]), 4002],
    ["more than may be sent", JSON.stringify({ op: 3, d: "x".repeat(ClientFrame.MAX_BYTES) }), 4002],
    ["too many bytes in few characters", JSON.stringify({ op: 3, d: "€".repeat(ClientFrame.MAX_BYTES / 2) }), 4002]
  ])("%s", (_, frame, code) => {
    assert.strictEqual(closeCode(frame), code)
  })

  /** Frames as clients send them, and as they are read. */
  it.each([
    ["a heartbeat without a number", `{"op":1,"d":null}`, null],
    ["a heartbeat with more than that", `{"op":1,"d":251,"s":null,"t":null}`, 251],
    ["a heartbeat of another shape", `{"op":1,"d":"soon"}`, "soon"],
    ["a heartbeat of nothing", `{"op":1}`, undefined],
    ["identify without intents", `{"op":2,"d":{"token":"t"}}`, { token: "t" }],
    [
      "identify with compression of any type",
      `{"op":2,"d":{"token":"t","intents":1,"compress":"zlib-stream"}}`,
      { token: "t", intents: 1 }
    ],
    [
      "numbers as texts",
      `{"op":2,"d":{"token":"t","intents":"513","shard":["0","1"]}}`,
      { token: "t", intents: 513, shard: [0, 1] }
    ],
    [
      "null for all that may be left out",
      `{"op":2,"d":{"token":"t","intents":1,"shard":null,"capabilities":null,"large_threshold":null,"presence":null}}`,
      { token: "t", intents: 1, shard: null, capabilities: undefined, presence: undefined }
    ],
    [
      "a presence without a status",
      `{"op":2,"d":{"token":"t","intents":1,"presence":{"status":null,"since":0,"activities":[],"afk":false}}}`,
      { token: "t", intents: 1, presence: { status: null, activities: [] } }
    ],
    [
      "a presence that there is not, and other things that are not what they should be",
      `{"op":2,"d":{"token":"t","intents":[],"shard":"first","capabilities":"all","presence":{"status":"away"}}}`,
      { token: "t", intents: undefined, shard: undefined, capabilities: undefined, presence: undefined }
    ],
    [
      "presence.status: null",
      `{"op":3,"d":{"status":null,"since":null,"activities":null,"afk":null}}`,
      { status: null, activities: null }
    ],
    [
      "an activity with fields that are not known",
      `{"op":3,"d":{"status":"idle","activities":[{"name":"chess","type":"0","emoji":null,"url":null}]}}`,
      { status: "idle", activities: [{ name: "chess", type: 0, url: null }] }
    ],
    [
      "a call in no guild",
      `{"op":4,"d":{"guild_id":null,"channel_id":null,"self_mute":false,"self_deaf":false}}`,
      { guild_id: null, channel_id: null, self_mute: false, self_deaf: false }
    ],
    [
      "ids as numbers",
      `{"op":4,"d":{"guild_id":${LARGE},"channel_id": ${LARGE},"self_mute":true}}`,
      { guild_id: LARGE, channel_id: LARGE, self_mute: true }
    ],
    [
      "a guild in a list of one",
      `{"op":8,"d":{"guild_id":["${LARGE}"],"query":"","limit":0}}`,
      { guild_id: LARGE, query: "", limit: 0 }
    ],
    [
      "ids of users as numbers",
      `{"op":8,"d":{"guild_id":"1","limit":null,"user_ids":[${LARGE},"2",3],"nonce":7,"presences":null}}`,
      { guild_id: "1", limit: null, user_ids: [LARGE, "2", "3"], nonce: "7", presences: null }
    ],
    ["one user", `{"op":8,"d":{"guild_id":"1","user_ids":${LARGE}}}`, { guild_id: "1", user_ids: LARGE }],
    ["resume of whatever shape", `{"op":6,"d":{"session_id":null}}`, { session_id: null }]
  ])("is read: %s", (_, frame, expected) => {
    assert.deepStrictEqual(said(frame), expected)
  })

  it.each([
    ["a status that there is not", `{"op":3,"d":{"status":"away"}}`],
    ["no guild", `{"op":8,"d":{"query":""}}`],
    ["an id that is none", `{"op":4,"d":{"guild_id":"me","channel_id":null}}`],
    ["nothing at all", `{"op":4}`],
    ["two guilds", `{"op":8,"d":{"guild_id":["1","2"],"query":""}}`]
  ])("is left out, and hurts nobody: %s", (_, frame) => {
    assert.isUndefined(closeCode(frame))
    assert.isUndefined(said(frame))
  })

  it.prop("no text makes it throw", [Schema.Union([Schema.String, Schema.fromJsonString(Schema.Json)])], ([input]) => {
    ClientFrame.decode(typeof input === "string" ? input : JSON.stringify(input))
  })
})
