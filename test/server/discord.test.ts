/** Unmodified discord.js clients against the real server, in a process of its own. */
import { assert, describe, it } from "@effect/vitest"
import { Client, Events } from "discord.js"
import { Effect, Queue } from "effect"
import { login, options } from "../support/bot.ts"
import * as otlp from "../support/otlp.ts"
import * as processes from "../support/process.ts"
import { PARENT_ID, sampledCarrier, TRACE_ID, unsampledCarrier } from "../support/tracing.ts"

const post = (url: string, channel: string, headers: Readonly<Record<string, string>>) =>
  Effect.promise(() =>
    fetch(`${url}/api/v10/channels/${channel}/messages`, {
      method: "POST",
      headers: { authorization: "Bot demo-1", "content-type": "application/json", ...headers },
      body: JSON.stringify({ content: "traced" })
    })
  )

describe("discord.js", () => {
  it.live("logs in, sees the guild, chats, and comes back by itself when the server is restarted", () =>
    Effect.gen(function* () {
      const { child, exited, url } = yield* processes.server()
      const one = yield* login(url, "demo-1")
      const two = yield* login(url, "demo-2")
      assert.strictEqual(one.client.user.username, "demo-1")
      assert.deepStrictEqual(
        one.client.guilds.cache.map((guild) => [guild.name, guild.memberCount, guild.channels.cache.size]),
        [["Fanfare", 3, 4]]
      )

      const sent = yield* Effect.promise(() => one.channel("general").send("hello"))
      const seen = yield* Queue.take(two.messages)
      assert.deepStrictEqual(
        [seen.id, seen.content, seen.author.username, seen.member?.displayName],
        [sent.id, "hello", "demo-1", "demo-1"]
      )
      assert.strictEqual((yield* Queue.take(one.messages)).id, sent.id)

      yield* Effect.promise(() => seen.reply("hello yourself"))
      const answer = yield* Queue.take(one.messages)
      assert.deepStrictEqual([answer.content, answer.reference?.messageId], ["hello yourself", sent.id])

      const three = yield* login(url, "demo-3")
      assert.strictEqual(three.client.guilds.cache.first()?.channels.cache.size, 3)
      const refusal = yield* Effect.promise(() =>
        three
          .channel("announcements")
          .send("may I?")
          .then(
            () => undefined,
            (error: unknown) => error
          )
      )
      assert.deepInclude(refusal, { status: 403, code: 50013 })

      // No client is left reconnecting when the test ends: discord.js cannot be destroyed while it connects (it stops
      // listening for the socket's error, and a refused connection then ends the process).
      const bots = [one, two, three]
      const heard = (event: Events.ShardReconnecting | Events.ShardReady) =>
        Promise.all(bots.map(({ client }) => new Promise<void>((done) => client.once(event, () => done()))))
      const reconnecting = heard(Events.ShardReconnecting)
      const back = heard(Events.ShardReady)
      child.kill("SIGTERM")
      yield* Effect.promise(() => reconnecting)
      assert.strictEqual((yield* exited).code, 0)
      yield* processes.server([], { PORT: new URL(url).port })
      yield* Effect.promise(() => back)
      yield* Effect.promise(() => one.channel("general").send("back again"))
      assert.strictEqual((yield* Queue.take(two.messages)).content, "hello yourself")
      assert.strictEqual((yield* Queue.take(two.messages)).content, "back again")
    }).pipe(Effect.scoped)
  )

  it.live("a token that nobody has", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server()
      const client = new Client(options(url))
      const refusal = yield* Effect.promise(() =>
        client.login("nope").then(
          () => undefined,
          (error: unknown) => error
        )
      )
      assert.instanceOf(refusal, Error)
      assert.match(refusal.message, /invalid token/)
    }).pipe(Effect.scoped)
  )

  it.live.each(["http/json", "http/protobuf"])(
    "a sampled message arrives at an OTLP receiver as one connected trace, an unsampled one not at all: %s",
    (protocol) =>
      Effect.gen(function* () {
        const collector = yield* otlp.receiver
        const { child, exited, url } = yield* processes.server([], {
          OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
          OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
          OTEL_SERVICE_NAME: "under-test"
        })
        // Alone it keeps every trace; what larger fan-outs keep is left to the sampler's own suites.
        const bot = yield* login(url, "demo-1")
        const channel = bot.channel("general").id
        for (const headers of [{ traceparent: unsampledCarrier.traceparent }, {}]) {
          assert.strictEqual((yield* post(url, channel, headers)).status, 200)
        }
        assert.strictEqual((yield* post(url, channel, { traceparent: sampledCarrier.traceparent })).status, 200)
        yield* Queue.takeN(bot.messages, 3)
        yield* Effect.promise(() => bot.client.destroy())

        // Stopping flushes: what has not come by then never will.
        child.kill("SIGINT")
        assert.strictEqual((yield* exited).code, 0)
        const spans = yield* Queue.clear(collector.spans)
        const name = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name ?? id
        assert.deepStrictEqual(spans.map((span) => `${name(span.parentSpanId)} → ${span.name}`).toSorted(), [
          `${PARENT_ID} → ingress.http`,
          "guild.SendMessage → relay.fanout",
          "ingress.http → guild.SendMessage",
          "relay.fanout → session.deliver"
        ])
        for (const span of spans) {
          assert.strictEqual(span.traceId, TRACE_ID)
          assert.deepStrictEqual(span.service, { stringValue: "under-test" })
          if (span.name !== "ingress.http") assert.isTrue(span.attributes.has("mailbox.wait_ms"))
        }
      }).pipe(Effect.scoped)
  )
})
