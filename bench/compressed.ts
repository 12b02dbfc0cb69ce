/**
 * What compression costs a server: bytes and processor time for each delivery of a message to a thousand connections, in
 * bursts, in turn: plain; compressed once for all, with what clients had in common before (`cohort`) and without (`shared`), by
 * zlib and by Zstandard; and by a zlib context of each client's own.
 */
import { Effect } from "effect"
import type { Socket } from "node:net"
import * as zlib from "node:zlib"
import { general, member } from "../examples/support/salon.ts"
import * as Json from "../src/domain/gateway/Json.ts"
import * as RunQueue from "../src/domain/mailbox/RunQueue.ts"
import { Ids, Payload } from "../src/index.ts"
import * as zlibStream from "../src/layers/SessionSocket/compressed/zlib.ts"
import * as zstdStream from "../src/layers/SessionSocket/compressed/zstd.ts"
import * as Frame from "../src/layers/SessionSocket/Frame.ts"
import * as Framing from "../src/layers/SessionSocket/Framing.ts"
import { Waiting } from "../src/layers/SessionSocket/Waiting.ts"
import { seeded } from "../test/support/random.ts"
import { connections } from "./support/connections.ts"
import { median, quick, report } from "./support/report.ts"

const CONNECTIONS = quick ? 20 : 1_000
const ROUNDS = quick ? 2 : 30
const WARM_UP = quick ? 1 : 5
/** Messages one upon the other, after which all connections are written to. */
const BURST = 10
/** What each client's own number takes. */
const SEQUENCE_BYTES = 8

const random = seeded(1)
const below = (bound: number) => Math.floor(random() * bound)
const VOCABULARY = Array.from({ length: 2_000 }, () => below(36 ** 5).toString(36))
const GUILD = Ids.GuildId.make("41771983423143937")

/** Messages of people as they write: some words of a vocabulary of two thousand, of which few are common. */
const message = (nth: number): Payload.Payload => {
  const words = Array.from({ length: 1 + below(20) }, () => VOCABULARY[Math.floor(2_000 * random() ** 3)])
  const data = Json.message({
    id: Ids.MessageId.make(String(1_200_000_000_000_000_000n + BigInt(nth) * 4_194_304_123n)),
    guildId: GUILD,
    channelId: general.id,
    author: member(below(200)),
    sentAt: 1_700_000_000_000 + nth * 1_234,
    draft: { content: words.join(" "), embeds: [], tts: false },
    mentions: { members: [], roles: [], everyone: "nobody" }
  })
  return Payload.make("MESSAGE_CREATE", { ...data, guild_id: GUILD, member: Json.partialMember(member(below(200))) })
}

interface Way {
  /** Sends messages to all; answers with the bytes that went. */
  readonly send: (messages: ReadonlyArray<Payload.Payload>) => Effect.Effect<number>
}

const framed = (sockets: ReadonlyArray<Socket>, runQueue: RunQueue.RunQueue, make: () => Framing.Framing): Way => {
  const clients = sockets.map((socket) => {
    const framing = make()
    framing.sent()
    return { framing, waiting: new Waiting(socket, runQueue) }
  })
  let sequence = 100_000
  return {
    send: (messages) =>
      Effect.sync(() => {
        let bytes = 0
        for (const payload of messages) {
          sequence++
          for (const { framing, waiting } of clients) waiting.push(framing.event(payload, sequence) ?? "")
        }
        for (const { waiting } of clients) {
          bytes += waiting.bytes
          waiting.flush()
        }
        return bytes
      })
  }
}

/** As a server does it that keeps a context for each client. */
const own = (sockets: ReadonlyArray<Socket>): Way => {
  const clients = sockets.map((socket) => ({ socket, deflate: zlib.createDeflateRaw({ level: 6 }) }))
  let sequence = 100_000
  let bytes = 0
  for (const { deflate, socket } of clients) {
    deflate.on("data", (part: Buffer) => {
      const header = Frame.header(Frame.BINARY, part.length)
      bytes += header.length + part.length
      socket.cork()
      socket.write(header, "latin1")
      socket.write(part)
      socket.uncork()
    })
  }
  return {
    send: (messages) =>
      Effect.promise(async () => {
        bytes = 0
        for (const payload of messages) {
          const text = Payload.frame(payload, ++sequence)
          await Promise.all(
            clients.map(
              ({ deflate }) =>
                new Promise<void>((done) => {
                  deflate.write(text)
                  deflate.flush(zlib.constants.Z_SYNC_FLUSH, () => done())
                })
            )
          )
        }
        return bytes
      })
  }
}

const program = Effect.gen(function* () {
  const sockets = yield* connections(CONNECTIONS)
  const runQueue = yield* Effect.withFiber((fiber) => Effect.succeed(RunQueue.of(fiber)))
  const ways: Record<string, Way> = {
    plain: framed(sockets, runQueue, () => Framing.text),
    shared: framed(sockets, runQueue, zlibStream.streams(0)),
    cohort: framed(sockets, runQueue, zlibStream.streams()),
    zstd_shared: framed(sockets, runQueue, zstdStream.streams(0)),
    zstd_cohort: framed(sockets, runQueue, zstdStream.streams()),
    own: own(sockets)
  }
  const cpu: Record<string, Array<number>> = {}
  const bytes: Record<string, Array<number>> = {}
  let plainBytes = 0
  let nth = 0
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const messages = Array.from({ length: BURST }, () => message(nth++))
    if (round >= 0) plainBytes += messages.reduce((sum, { octets }) => sum + octets.length + SEQUENCE_BYTES, 0)
    const names = Object.entries(ways)
    const shift = (round + WARM_UP) % names.length
    for (const [name, { send }] of [...names.slice(shift), ...names.slice(0, shift)]) {
      const before = process.cpuUsage()
      const sent = yield* send(messages)
      const { system, user } = process.cpuUsage(before)
      if (round >= 0) {
        ;(cpu[name] ??= []).push((system + user) / (CONNECTIONS * BURST))
        ;(bytes[name] ??= []).push(sent / (CONNECTIONS * BURST))
      }
      // What was written is read meanwhile.
      yield* Effect.sleep("20 millis")
    }
  }
  const figures: Record<string, number> = { message_bytes: plainBytes / (ROUNDS * BURST) }
  for (const name of Object.keys(ways)) {
    figures[`${name}_cpu_us`] = median(cpu[name] ?? [])
    figures[`${name}_bytes`] = median(bytes[name] ?? [])
  }
  const of = (name: string): number => figures[name] ?? Number.NaN
  report("compressed", {
    connections: CONNECTIONS,
    ...figures,
    vs_own_context_cpu: of("cohort_cpu_us") / of("own_cpu_us"),
    vs_own_context_bytes: of("cohort_bytes") / of("own_bytes"),
    vs_plain_cpu: of("cohort_cpu_us") / of("plain_cpu_us")
  })
})

await Effect.runPromise(Effect.scoped(program))
process.exit()
