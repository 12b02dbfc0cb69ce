/** Compressed streams: whatever clients have in common, and whatever not, each decodes what a plain one reads. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as zlib from "node:zlib"
import * as Payload from "../../../src/domain/gateway/Payload.ts"
import { framings } from "../../../src/layers/SessionSocket/compressed/index.ts"
import { AT_ONCE } from "../../../src/layers/SessionSocket/compressed/Stream.ts"
import * as zlibStream from "../../../src/layers/SessionSocket/compressed/zlib.ts"
import * as zstdStream from "../../../src/layers/SessionSocket/compressed/zstd.ts"
import type { Framing } from "../../../src/layers/SessionSocket/Framing.ts"
import { below, seeded } from "../../support/random.ts"

/** What a stream that is not at its end says so far. */
const decoded = {
  "zlib-stream": (bytes: Buffer) => zlib.inflateSync(bytes, { finishFlush: zlib.constants.Z_SYNC_FLUSH }),
  "zstd-stream": (bytes: Buffer) => zlib.zstdDecompressSync(Buffer.concat([bytes, Buffer.from([0x01, 0x00, 0x00])]))
} as const

const streams = { "zlib-stream": zlibStream.streams, "zstd-stream": zstdStream.streams } as const

/** A frame's payload: servers do not mask. */
const unframed = (frame: string): Buffer => {
  const bytes = Buffer.from(frame, "latin1")
  const short = bytes.readUInt8(1)
  const [start, length] =
    short < 126 ? [2, short] : short === 126 ? [4, bytes.readUInt16BE(2)] : [10, Number(bytes.readBigUInt64BE(2))]
  assert.strictEqual(bytes.length, start + length)
  assert.strictEqual(bytes.readUInt8(0), 0x82)
  return bytes.subarray(start)
}

/** One client: what came over its connection, and what it should read. */
class Client {
  readonly framing: Framing
  readonly messages: Array<Buffer> = []
  readonly due: Array<unknown> = []
  private sequence = 0

  constructor(framing: Framing) {
    this.framing = framing
  }

  own(text: string) {
    return Effect.map(this.framing.own(text), (message) => {
      this.framing.sent()
      this.messages.push(Buffer.from(message))
      this.due.push(JSON.parse(text))
    })
  }

  event(payload: Payload.Payload) {
    const sequence = ++this.sequence
    const frame = this.framing.event(payload, sequence)
    const plain = Payload.frame(payload, sequence)
    if (frame === undefined) return this.own(plain)
    this.messages.push(unframed(frame))
    this.due.push(JSON.parse(plain))
    return Effect.void
  }

  read(decode: (bytes: Buffer) => Buffer): ReadonlyArray<unknown> {
    let before = 0
    return this.messages.map((_, nth) => {
      const all = decode(Buffer.concat(this.messages.slice(0, nth + 1)))
      const message: unknown = JSON.parse(all.subarray(before).toString())
      before = all.length
      return message
    })
  }
}

const WORDS = [
  "hello",
  "aaaaaaaaaa",
  "00000000-0000-0000-0000-000000000000",
  "1000000000000",
  "ж漢😀",
  '\u2028\\"',
  "x,y"
]

const words = (random: () => number, count: number) =>
  Array.from({ length: count }, () => WORDS[below(random, WORDS.length)]).join(" ")

const event = (random: () => number) =>
  Payload.make("MESSAGE_CREATE", {
    author: { id: String(below(random, 9)), username: "somebody", roles: ["1", "2", "3"] },
    content: words(random, below(random, 10) === 0 ? 2_000 : below(random, 40)),
    embeds: [],
    mentions: []
  })

const Seed = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))

describe.each(["zlib-stream", "zstd-stream"] as const)("%s", (compression) => {
  it.effect.prop(
    "every client decodes what a plain one reads: shared events, messages of its own, and events that it does not get",
    [Seed],
    ([seed]) =>
      Effect.gen(function* () {
        const random = seeded(seed)
        const make = framings()[compression]
        const clients = Array.from({ length: 5 }, () => new Client(make()))
        for (const client of clients) yield* client.own(`{"op":10,"d":{"heartbeat_interval":41250}}`)
        const skips = random() / 4
        const owns = random() / 4
        for (let nth = 0; nth < 40; nth++) {
          const payload = event(random)
          for (const client of clients) {
            if (random() < owns) yield* client.own(JSON.stringify({ op: 11, d: words(random, below(random, 60)) }))
            if (random() >= skips) yield* client.event(payload)
          }
        }
        for (const client of clients) assert.deepStrictEqual(client.read(decoded[compression]), client.due)
      })
  )

  it.effect("an event is compressed once for all who had the same before, and refers to it", () =>
    Effect.gen(function* () {
      const make = streams[compression]()
      const alone = new Client(streams[compression](0)())
      const clients = Array.from({ length: 3 }, () => new Client(make()))
      for (const client of [alone, ...clients]) yield* client.own("{}")
      const random = seeded(1)
      const bytes = { together: 0, alone: 0 }
      for (let nth = 0; nth < 40; nth++) {
        const payload = event(random)
        for (const client of [alone, ...clients]) yield* client.event(payload)
        const [one, ...others] = clients.map(({ messages }) => messages.at(-1))
        for (const other of others) assert.deepStrictEqual(other, one)
        bytes.together += one?.length ?? 0
        bytes.alone += alone.messages.at(-1)?.length ?? 0
      }
      assert.isBelow(bytes.together, 0.9 * bytes.alone)
      for (const client of [alone, ...clients]) assert.deepStrictEqual(client.read(decoded[compression]), client.due)
    })
  )

  it.effect("what is large is compressed elsewhere, and decoded all the same", () =>
    Effect.gen(function* () {
      const client = new Client(framings()[compression]())
      yield* client.own("{}")
      const large = Payload.make("GUILD_CREATE", { text: words(seeded(2), 40_000) })
      assert.isAbove(large.octets.length, AT_ONCE)
      yield* client.event(event(seeded(3)))
      yield* client.event(large)
      yield* client.event(event(seeded(4)))
      assert.deepStrictEqual(client.read(decoded[compression]), client.due)
    })
  )
})
