/** A message's way, and its trace's, from the ingress to every socket. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Option, Schema } from "effect"
import { afterEach, vi } from "vitest"
import * as Choice from "../../src/domain/Choice.ts"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import * as TraceCarrier from "../../src/domain/TraceCarrier.ts"
import * as Sender from "../../src/domain/Sender.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import { Guilds } from "../../src/programs/Guilds.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { login } from "../support/client.ts"
import { draft, GENERAL, GUILD, HIDDEN, userId } from "../support/community.ts"
import * as guilds from "../support/guilds.ts"
import { parentId, PARENT_ID, recorder, sampledCarrier, TRACE_ID, unsampledCarrier } from "../support/tracing.ts"

// Both keep working; every call is counted, whoever makes it.
vi.mock("../../src/domain/Envelope.ts", { spy: true })
vi.mock("../../src/domain/TraceCarrier.ts", { spy: true })
vi.mock("../../src/domain/Choice.ts", { spy: true })

afterEach(() => vi.clearAllMocks())

const content = (frame: { readonly d: unknown }) =>
  Schema.decodeUnknownSync(Schema.Struct({ content: Schema.String }))(frame.d).content

/** Writes a message as the ingress does: with the headers of a caller. */
const write = Effect.fnUntraced(function* (
  carrier: TraceCarrier.TraceCarrier | undefined,
  text: string,
  channel = GENERAL
) {
  const guild = Option.getOrThrow((yield* Guilds).byId(GUILD))
  return yield* Transport.ingress(
    carrier === undefined ? {} : { traceparent: carrier.traceparent },
    { name: "ingress.http" },
    Transport.call(guild, "SendMessage", { author: userId(1), channel, draft: draft(text) })
  )
})

const SIZE = 5
const everyone = Effect.forEach(Array.from({ length: SIZE }), (_, index) => login(`token-${index + 1}`))

describe("a message's way", () => {
  it.effect("sampled: one connected trace, a span per hop and per session that keeps it", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const clients = yield* everyone
      assert.deepStrictEqual(spans.opened, [])
      yield* write(sampledCarrier, "hello")
      for (const client of clients) assert.strictEqual(content(yield* client.until("MESSAGE_CREATE")), "hello")

      const tree = spans.opened.map((span) => {
        const parent = spans.opened.find(({ spanId }) => spanId === parentId(span))
        return `${parent?.name ?? parentId(span)} → ${span.name}`
      })
      assert.deepStrictEqual(tree, [
        `${PARENT_ID} → ingress.http`,
        "ingress.http → guild.SendMessage",
        "guild.SendMessage → relay.fanout",
        ...Array.from({ length: SIZE }, () => "relay.fanout → session.deliver")
      ])
      for (const span of spans.opened) {
        assert.strictEqual(span.traceId, TRACE_ID)
        assert.strictEqual(span.status._tag, "Ended")
        if (span.name !== "ingress.http") assert.strictEqual(span.attributes.get("mailbox.wait_ms"), 0)
      }
      const fanOut = spans.opened.find(({ name }) => name === "relay.fanout")
      assert.deepInclude(Object.fromEntries(fanOut?.attributes ?? []), {
        "guild.id": GUILD,
        "relay.index": 0,
        "fanout.recipients": SIZE,
        "fanout.sampled": SIZE
      })
    }).pipe(Effect.provide(Layer.provideMerge(guilds.layer(SIZE), spans.layer)))
  })

  it.effect("sampled, but not for the sessions: the trace ends at the relay", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const clients = yield* everyone
      yield* write(sampledCarrier, "hello")
      for (const client of clients) yield* client.until("MESSAGE_CREATE")
      assert.deepStrictEqual(
        spans.opened.map(({ name }) => name),
        ["ingress.http", "guild.SendMessage", "relay.fanout"]
      )
    }).pipe(Effect.provide(Layer.provideMerge(guilds.layer(SIZE, { sampler: Sampler.never }), spans.layer)))
  })

  it.effect.each([
    ["an unsampled caller", unsampledCarrier],
    ["a caller without a trace", undefined]
  ] as const)("not sampled, no span and no carrier, anywhere: %s", ([, carrier]) => {
    const spans = recorder()
    return Effect.gen(function* () {
      const clients = yield* everyone
      yield* write(carrier, "hello")
      for (const client of clients) assert.strictEqual(content(yield* client.until("MESSAGE_CREATE")), "hello")
      assert.deepStrictEqual(spans.opened, [])
      assert.strictEqual(vi.mocked(Envelope.make).mock.calls.length, 0)
      assert.strictEqual(vi.mocked(TraceCarrier.encode).mock.calls.length, 0)
      assert.strictEqual(vi.mocked(TraceCarrier.decode).mock.calls.length, 0)
    }).pipe(Effect.provide(Layer.provideMerge(guilds.layer(SIZE), spans.layer)))
  })

  it.effect("what counts envelopes and carriers does count them", () =>
    Effect.gen(function* () {
      const clients = yield* everyone
      yield* write(sampledCarrier, "hello")
      for (const client of clients) yield* client.until("MESSAGE_CREATE")
      // One for the guild, one that all relays share, and one that all sessions share.
      assert.strictEqual(vi.mocked(Envelope.make).mock.calls.length, 3)
      assert.isAbove(vi.mocked(TraceCarrier.decode).mock.calls.length, 0)
    }).pipe(Effect.provide(guilds.layer(SIZE)))
  )

  it.effect("through several relays, to each session once and in order", () =>
    Effect.gen(function* () {
      const clients = yield* everyone
      yield* Effect.forEach(["1", "2", "3"], (text) => write(undefined, text))
      for (const client of clients) {
        const frames = yield* Effect.forEach(["1", "2", "3"], () => client.next)
        assert.deepStrictEqual(frames.map(content), ["1", "2", "3"])
        // READY was 1, GUILD_CREATE 2.
        assert.deepStrictEqual(
          frames.map(({ s }) => s),
          [3, 4, 5]
        )
      }
      const guild = Option.getOrThrow((yield* Guilds).byId(GUILD))
      assert.deepStrictEqual(yield* Transport.call(guild, "Status", undefined), {
        sessions: SIZE,
        active: SIZE,
        relays: 3
      })
    }).pipe(Effect.provide(guilds.layer(SIZE, { relayCapacity: 2 })))
  )

  it.effect("each relay thins by the size of the whole fan-out, and not of its own part", () => {
    const sizes: Array<number> = []
    const sampler = Layer.succeed(Sampler.Sampler, {
      decide: ({ size }) => {
        sizes.push(size)
        return { probability: 1 }
      }
    })
    return Effect.gen(function* () {
      const clients = yield* everyone
      yield* write(sampledCarrier, "hello")
      for (const client of clients) yield* client.until("MESSAGE_CREATE")
      // However unevenly the sessions are spread: two, two and one.
      assert.deepStrictEqual(sizes, [SIZE, SIZE, SIZE])
      sizes.length = 0
      // Of the five, one may see it: as far as the relays can tell from their own halves.
      yield* write(sampledCarrier, "secret", HIDDEN)
      yield* Effect.forEach(clients.slice(0, 1), (client) => client.until("MESSAGE_CREATE"))
      assert.deepStrictEqual(sizes, [3, 0, 0])
    }).pipe(Effect.provide(guilds.layer(SIZE, { relayCapacity: 2, sampler })))
  })

  it.effect("relays do not choose alike: each has a list of its own", () =>
    Effect.gen(function* () {
      const clients = yield* everyone
      yield* write(sampledCarrier, "hello")
      for (const client of clients) yield* client.until("MESSAGE_CREATE")
      const salts = vi.mocked(Choice.seed).mock.calls.map(([, salt]) => salt)
      assert.deepStrictEqual(salts.toSorted(), [0, 1, 2])
    }).pipe(Effect.provide(guilds.layer(SIZE, { relayCapacity: 2 })))
  )

  it.effect("a defect in one fan-out costs a relay none of its sessions", () => {
    const poisoned = Layer.succeed(Offload.Offload, {
      workers: [],
      sender: Effect.succeed<Offload.Sender>({
        ...Sender.inline,
        push: (plan, refused) =>
          JSON.stringify(plan.message).includes("poison") && !JSON.stringify(plan.message).includes('"tag"')
            ? Effect.die("poison")
            : Sender.inline.push(plan, refused)
      })
    })
    return Effect.gen(function* () {
      const clients = yield* everyone
      yield* write(undefined, "poison")
      yield* write(undefined, "hello")
      for (const client of clients) assert.strictEqual(content(yield* client.next), "hello")
    }).pipe(Effect.provide(guilds.layer(SIZE, { offload: poisoned })))
  })

  it.effect("only to those who may see the channel, and want to hear of messages", () =>
    Effect.gen(function* () {
      const staff = yield* login("token-1")
      const other = yield* login("token-2")
      const uninterested = yield* login("token-1", { intents: Intents.GUILDS })
      yield* write(undefined, "secret", HIDDEN)
      yield* write(undefined, "public")
      assert.strictEqual(content(yield* staff.next), "secret")
      assert.strictEqual(content(yield* staff.next), "public")
      assert.strictEqual(content(yield* other.next), "public")
      yield* uninterested.say(1, null)
      assert.strictEqual((yield* uninterested.next).op, 11)
    }).pipe(Effect.provide(guilds.layer(2)))
  )
})
