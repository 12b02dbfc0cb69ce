import { assert, describe, it } from "@effect/vitest"
import { Schema } from "effect"
import { collectGarbage } from "../../../bench/support/collect.ts"
import * as Octets from "../../../src/domain/gateway/Octets.ts"
import * as Payload from "../../../src/domain/gateway/Payload.ts"

const inUse = () => {
  collectGarbage()
  return process.memoryUsage().heapUsed
}

/** Texts in which each letter is as many bytes as in no other. */
const SCRIPTS = { ascii: "a", Latin: "é", Cyrillic: "Ж", Chinese: "漢", emoji: "😀" }

describe("Octets", () => {
  it.prop("are the bytes of a text in UTF-8, and say what it says", [Schema.String], ([text]) => {
    const octets = Octets.of(text)
    assert.deepStrictEqual(
      Array.from(octets, (character) => character.charCodeAt(0)),
      Array.from(new TextEncoder().encode(text))
    )
    assert.strictEqual(Octets.text(octets), text.toWellFormed())
  })
})

describe("Payload", () => {
  it.prop("is the same JSON as text, as octets, and after it has crossed", [Schema.Json], ([data]) => {
    const payload = Payload.make("ANY", data)
    const crossed = Schema.decodeSync(Payload.schema)(Schema.encodeSync(Payload.schema)(payload))
    for (const { head, octets } of [payload, crossed]) {
      assert.strictEqual(Octets.text(octets), head)
      assert.deepStrictEqual(JSON.parse(`${head}7}`), JSON.parse(JSON.stringify({ t: "ANY", op: 0, d: data, s: 7 })))
    }
  })

  // What waits for a client that does not read is kept. Put together letter by letter, it took 33 bytes for each byte.
  it.each(Object.entries(SCRIPTS))("keeps no more memory than it has bytes, in %s", (_, letter) => {
    const payloads: Array<Payload.Payload> = []
    const before = inUse()
    let bytes = 0
    for (let index = 0; index < 50; index++) {
      const payload = Payload.make("MESSAGE_CREATE", { content: `${index} ${letter.repeat(100_000)}` })
      payloads.push(payload)
      bytes += payload.octets.length
    }
    assert.isBelow((inUse() - before) / bytes, 1.5)
    assert.strictEqual(payloads.length, 50)
  })
})
