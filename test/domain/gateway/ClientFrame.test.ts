import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as ClientFrame from "../../../src/domain/gateway/ClientFrame.ts"
import * as Opcode from "../../../src/domain/gateway/Opcode.ts"

const closeCode = (frame: string | Uint8Array) => {
  const decoded = ClientFrame.decode(frame)
  return Result.isFailure(decoded) ? decoded.failure.code : undefined
}

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
    ["a heartbeat of the wrong shape", `{"op":1,"d":"soon"}`, 4002],
    ["bytes", new Uint8Array([1, 2, 3]), 4002],
    ["more than may be sent", JSON.stringify({ op: 3, d: "x".repeat(ClientFrame.MAX_BYTES) }), 4002],
    ["too many bytes in few characters", JSON.stringify({ op: 3, d: "€".repeat(ClientFrame.MAX_BYTES / 2) }), 4002]
  ])("%s", (_, frame, code) => {
    assert.strictEqual(closeCode(frame), code)
  })

  it("heartbeats, with and without a sequence number; fields it does not know are no harm", () => {
    assert.isUndefined(closeCode(`{"op":1,"d":null}`))
    assert.isUndefined(closeCode(`{"op":1,"d":251,"s":null,"t":null}`))
    assert.isUndefined(closeCode(`{"op":2,"d":{"token":"t","intents":1,"compress":false,"properties":{"os":"linux"}}}`))
  })

  it.prop("no text makes it throw", [Schema.Union([Schema.String, Schema.fromJsonString(Schema.Json)])], ([input]) => {
    ClientFrame.decode(typeof input === "string" ? input : JSON.stringify(input))
  })
})
