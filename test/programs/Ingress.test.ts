import { NodeHttpServer } from "@effect/platform-node"
import { assert, it } from "@effect/vitest"
import { ByteSize, Effect, Layer, Schema } from "effect"
import { HttpClient, HttpClientRequest, HttpIncomingMessage, HttpRouter, HttpServer } from "effect/http"
import * as webSocket from "../../src/layers/SessionSocket/webSocket.ts"
import * as Ingress from "../../src/programs/Ingress.ts"
import { connect } from "node:net"
import { gzipSync } from "node:zlib"
import { GENERAL, GUILD, HIDDEN, READ_ONLY, userId } from "../support/community.ts"
import * as guilds from "../support/guilds.ts"
import { recorder } from "../support/tracing.ts"

const server = HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide(Layer.succeed(HttpIncomingMessage.MaxBodySize, ByteSize.kibibytes(64))),
  Layer.provide(guilds.layer(2))
)

const Refusal = Schema.Struct({
  message: Schema.String,
  code: Schema.Int,
  errors: Schema.optionalKey(Schema.Json)
})

interface Attempt {
  readonly method?: "GET" | "POST" | "PUT"
  readonly path: string
  readonly token?: string
  readonly body?: string
  readonly type?: string
}

const attempt = Effect.fnUntraced(function* ({
  body,
  method = "GET",
  path,
  token,
  type = "application/json"
}: Attempt) {
  const request = HttpClientRequest.make(method)(path).pipe(
    HttpClientRequest.setHeaders(token === undefined ? {} : { authorization: `Bot ${token}` }),
    body === undefined ? (same) => same : HttpClientRequest.bodyText(body, type)
  )
  const response = yield* HttpClient.execute(request)
  return { status: response.status, body: yield* response.json }
})

const messages = (channel: string) => `/api/v10/channels/${channel}/messages`
const TOKEN = "token-2"
const hello = JSON.stringify({ content: "hello" })
const length = (limit: number) => ({
  _errors: [{ code: "BASE_TYPE_MAX_LENGTH", message: `Must be ${limit} or fewer in length.` }]
})

it.layer(server)("Ingress", (it) => {
  it.effect("makes a message of what a member writes", () =>
    Effect.gen(function* () {
      const written = {
        content: "hello",
        nonce: "n1",
        tts: false,
        embeds: [{ title: "t", unknown: { deep: [] } }],
        flags: 4096,
        unknown: 1
      }
      const { body, status } = yield* attempt({
        method: "POST",
        path: messages(GENERAL),
        token: TOKEN,
        body: JSON.stringify(written)
      })
      assert.strictEqual(status, 200)
      assert.deepInclude(Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(body), {
        channel_id: GENERAL,
        content: "hello",
        nonce: "n1",
        embeds: [{ type: "rich", title: "t" }],
        type: 0
      })
    })
  )

  it.effect.each([
    ["no token", { path: messages(GENERAL), method: "POST", body: hello }, 401, 0, undefined],
    ["an unknown token", { path: messages(GENERAL), method: "POST", token: "x", body: hello }, 401, 0, undefined],
    [
      "a channel that does not exist",
      { path: messages("404"), method: "POST", token: TOKEN, body: hello },
      404,
      10003,
      undefined
    ],
    [
      "a channel that cannot exist",
      { path: messages("general"), method: "POST", token: TOKEN, body: hello },
      400,
      50035,
      { channel_id: { _errors: [{ code: "NUMBER_TYPE_COERCE", message: `Value "general" is not snowflake.` }] } }
    ],
    [
      "a channel that is hidden",
      { path: messages(HIDDEN), method: "POST", token: TOKEN, body: hello },
      403,
      50001,
      undefined
    ],
    [
      "a channel that is read only",
      { path: messages(READ_ONLY), method: "POST", token: TOKEN, body: hello },
      403,
      50013,
      undefined
    ],
    [
      "somebody who is no member",
      { path: messages(GENERAL), method: "POST", token: "stranger", body: hello },
      403,
      50001,
      undefined
    ],
    [
      "a body that is not JSON",
      { path: messages(GENERAL), method: "POST", token: TOKEN, body: "{nope" },
      400,
      50109,
      undefined
    ],
    ["no body at all", { path: messages(GENERAL), method: "POST", token: TOKEN }, 400, 50109, undefined],
    [
      "a form",
      { path: messages(GENERAL), method: "POST", token: TOKEN, body: "x", type: "multipart/form-data; boundary=x" },
      415,
      0,
      undefined
    ],
    ["an empty message", { path: messages(GENERAL), method: "POST", token: TOKEN, body: "{}" }, 400, 50006, undefined],
    [
      "blanks",
      { path: messages(GENERAL), method: "POST", token: TOKEN, body: `{"content":" \\n "}` },
      400,
      50006,
      undefined
    ],
    [
      "a message that is too long",
      { path: messages(GENERAL), method: "POST", token: TOKEN, body: JSON.stringify({ content: "x".repeat(2001) }) },
      400,
      50035,
      { content: length(2000) }
    ],
    [
      "embeds that say too much",
      {
        path: messages(GENERAL),
        method: "POST",
        token: TOKEN,
        body: JSON.stringify({ embeds: [{ description: "x".repeat(4000) }, { description: "x".repeat(2001) }] })
      },
      400,
      50035,
      {
        embeds: {
          _errors: [{ code: "MAX_EMBED_SIZE_EXCEEDED", message: "Embed size exceeds maximum size of 6000" }]
        }
      }
    ],
    [
      "speech, of one who may not speak",
      { path: messages(GENERAL), method: "POST", token: TOKEN, body: JSON.stringify({ content: "x", tts: true }) },
      403,
      50013,
      undefined
    ],
    [
      "too many embeds",
      {
        path: messages(GENERAL),
        method: "POST",
        token: TOKEN,
        body: JSON.stringify({ embeds: Array.from({ length: 11 }, () => ({})) })
      },
      400,
      50035,
      { embeds: length(10) }
    ],
    [
      "all users, and some",
      {
        path: messages(GENERAL),
        method: "POST",
        token: TOKEN,
        body: JSON.stringify({ content: "x", allowed_mentions: { parse: ["users"], users: [userId(1)] } })
      },
      400,
      50035,
      {
        allowed_mentions: {
          _errors: [
            {
              code: "MESSAGE_ALLOWED_MENTIONS_PARSE_EXCLUSIVE",
              message: `parse:["users"] and users: [ids...] are mutually exclusive.`
            }
          ]
        }
      }
    ],
    [
      "more roles than one message calls",
      {
        path: messages(GENERAL),
        method: "POST",
        token: TOKEN,
        body: JSON.stringify({ content: "x", allowed_mentions: { roles: Array.from({ length: 101 }, () => "1") } })
      },
      400,
      50035,
      { allowed_mentions: { roles: length(100) } }
    ],
    ["a guild that does not exist", { path: "/api/v10/guilds/404", token: TOKEN }, 404, 10004, undefined],
    ["a user whom nobody knows", { path: "/api/v10/users/404", token: TOKEN }, 404, 10013, undefined],
    ["a hidden channel's description", { path: `/api/v10/channels/${HIDDEN}`, token: TOKEN }, 403, 50001, undefined],
    ["a route that does not exist", { path: "/api/v10/nothing", token: TOKEN }, 404, 0, undefined],
    ["a method that does not exist", { path: "/api/v10/users/1", method: "PUT", token: TOKEN }, 404, 0, undefined],
    ["no route at all", { path: "/api", token: TOKEN }, 404, 0, undefined],
    ["a route in other letters", { path: "//API/v10/nothing?at=all", token: TOKEN }, 404, 0, undefined],
    ["a path that cannot be decoded", { path: "/api/v10/users/%zz", token: TOKEN }, 404, 0, undefined],
    ["an id that is too long", { path: `/api/v10/users/${"1".repeat(200)}`, token: TOKEN }, 404, 0, undefined]
  ] as const)("refuses as Discord does: %s", ([, what, status, code, errors]) =>
    Effect.gen(function* () {
      const refusal = yield* attempt(what)
      assert.strictEqual(refusal.status, status)
      const { code: given, errors: details } = Schema.decodeUnknownSync(Refusal)(refusal.body)
      assert.strictEqual(given, code)
      assert.deepStrictEqual(details, errors)
    })
  )

  it.effect.each([
    [undefined, [userId(1), userId(2)]],
    [null, [userId(1), userId(2)]],
    [{ parse: [] }, []],
    [{ parse: ["users"], users: [] }, [userId(1), userId(2)]],
    [{ parse: ["roles"], users: [userId(2), userId(3)], replied_user: true }, [userId(2)]]
  ] as const)("a message calls whom its author lets it call: %j", ([allowed_mentions, called]) =>
    Effect.gen(function* () {
      const content = `<@${userId(1)}> and <@${userId(2)}>`
      const { body } = yield* attempt({
        method: "POST",
        path: messages(GENERAL),
        token: TOKEN,
        body: JSON.stringify({ content, allowed_mentions })
      })
      const { mentions } = Schema.decodeUnknownSync(
        Schema.Struct({ mentions: Schema.Array(Schema.Struct({ id: Schema.String })) })
      )(body)
      assert.deepStrictEqual<ReadonlyArray<string>>(
        mentions.map(({ id }) => id),
        called
      )
    })
  )

  it.effect("2,000 characters are counted as people count them", () =>
    Effect.gen(function* () {
      const body = JSON.stringify({ content: "😀".repeat(2000) })
      assert.strictEqual((yield* attempt({ method: "POST", path: messages(GENERAL), token: TOKEN, body })).status, 200)
    })
  )

  it.effect("a body that is not of the right shape: which field, and why", () =>
    Effect.gen(function* () {
      const refusal = yield* attempt({ method: "POST", path: messages(GENERAL), token: TOKEN, body: `{"content":1}` })
      assert.strictEqual(refusal.status, 400)
      const { code, errors } = Schema.decodeUnknownSync(Refusal)(refusal.body)
      assert.strictEqual(code, 50035)
      assert.deepStrictEqual(Object.keys(Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(errors)), [
        "content"
      ])
    })
  )

  it.effect("a body as deep as a stack is refused, and harms nobody", () =>
    Effect.gen(function* () {
      const depth = 20_000
      const body = `{"content":"x","embeds":[{"title":"t","deep":${"[".repeat(depth)}${"]".repeat(depth)}}]}`
      assert.strictEqual((yield* attempt({ method: "POST", path: messages(GENERAL), token: TOKEN, body })).status, 400)
    })
  )

  it.effect("a body with very many keys, however they are shared out among objects; not of commas in a text", () =>
    Effect.gen(function* () {
      const write = (json: unknown) =>
        attempt({ method: "POST", path: messages(GENERAL), token: TOKEN, body: JSON.stringify(json) })
      const keys = Object.fromEntries(Array.from({ length: 100 }, (_, key) => [String(key), 1]))
      const objects = (count: number) => ({ content: "hello", unknown: Array.from({ length: count }, () => keys) })
      assert.strictEqual((yield* write(objects(70))).status, 200)
      assert.deepInclude(yield* write(objects(90)), {
        status: 400,
        body: { message: "Invalid Form Body", code: 50035, errors: length(4_000) }
      })
      assert.deepInclude(yield* write({ content: `"\\${",".repeat(9_000)}` }), {
        status: 400,
        body: { message: "Invalid Form Body", code: 50035, errors: { content: length(2_000) } }
      })
    })
  )

  it.effect("a body beyond all measure", () =>
    Effect.gen(function* () {
      const body = JSON.stringify({ content: "x".repeat(100_000) })
      const refusal = yield* attempt({ method: "POST", path: messages(GENERAL), token: TOKEN, body })
      assert.strictEqual(refusal.status, 413)
      assert.strictEqual(Schema.decodeUnknownSync(Refusal)(refusal.body).code, 40005)
    })
  )

  it.effect("what a client asks for on its way in", () =>
    Effect.gen(function* () {
      const bot = yield* attempt({ path: "/api/v10/gateway/bot", token: TOKEN })
      assert.deepInclude(Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(bot.body), { shards: 1 })
      assert.strictEqual((yield* attempt({ path: "/api/v10/gateway" })).status, 200)
      assert.strictEqual((yield* attempt({ path: "/api/v10/gateway/bot" })).status, 401)
      const fields = (path: string) =>
        Effect.map(attempt({ path, token: TOKEN }), ({ body }) =>
          Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(body)
        )
      assert.strictEqual((yield* fields("/api/v10/users/@me")).username, "user-2")
      assert.strictEqual((yield* fields(`/api/v10/users/${userId(1)}`)).username, "user-1")
      assert.strictEqual((yield* fields(`/api/v10/guilds/${GUILD}`)).name, "Test")
      assert.strictEqual((yield* fields(`/api/v10/channels/${GENERAL}`)).name, "general")
      const channels = yield* attempt({ path: `/api/v10/guilds/${GUILD}/channels`, token: TOKEN })
      assert.lengthOf(Schema.decodeUnknownSync(Schema.Array(Schema.Json))(channels.body), 2)
    })
  )

  it.effect("HEAD is answered as GET is, without what that would say", () =>
    Effect.gen(function* () {
      const status = (method: "GET" | "HEAD", path: string, token: string) =>
        Effect.gen(function* () {
          const request = HttpClientRequest.make(method)(path).pipe(
            HttpClientRequest.setHeaders({ authorization: `Bot ${token}` })
          )
          const response = yield* HttpClient.execute(request)
          const size = (yield* response.text).length
          return [response.status, method === "HEAD" ? size === 0 : size > 0]
        })
      for (const method of ["GET", "HEAD"] as const) {
        assert.deepStrictEqual(yield* status(method, "/api/v10/users/@me", TOKEN), [200, true])
        assert.deepStrictEqual(yield* status(method, "/api/v10/users/@me", "nobody"), [401, true])
        assert.deepStrictEqual(yield* status(method, "/api/v10/nothing", TOKEN), [404, true])
      }
    })
  )

  it.effect("is healthy once its guilds answer", () =>
    Effect.gen(function* () {
      const { body, status } = yield* attempt({ path: "/healthz" })
      assert.strictEqual(status, 200)
      assert.deepInclude(Schema.decodeUnknownSync(Schema.Record(Schema.String, Schema.Json))(body), { status: "ok" })
    })
  )

  it.effect("whoever may see a channel may be typing there", () =>
    Effect.gen(function* () {
      const typing = (channel: string) =>
        HttpClient.execute(
          HttpClientRequest.post(`/api/v10/channels/${channel}/typing`).pipe(
            HttpClientRequest.setHeader("authorization", `Bot ${TOKEN}`)
          )
        )
      assert.strictEqual((yield* typing(GENERAL)).status, 204)
      assert.strictEqual((yield* typing(HIDDEN)).status, 403)
    })
  )

  it.effect("a body that is compressed is refused as such, and not called invalid", () =>
    Effect.gen(function* () {
      const request = HttpClientRequest.post(messages(GENERAL)).pipe(
        HttpClientRequest.setHeaders({ authorization: `Bot ${TOKEN}`, "content-encoding": "gzip" }),
        HttpClientRequest.bodyUint8Array(gzipSync(hello), "application/json")
      )
      assert.strictEqual((yield* HttpClient.execute(request)).status, 415)
    })
  )

  it.effect("a body that is said to be too large is refused before it comes, and the connection ends", () =>
    Effect.gen(function* () {
      const address = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const { port } = new URL(address)
      const text = yield* Effect.callback<string>((resume) => {
        const client = connect(Number(port), "localhost")
        let text = ""
        client.on("data", (data) => (text += String(data)))
        client.on("close", () => resume(Effect.succeed(text)))
        client.write(
          `POST ${messages(GENERAL)} HTTP/1.1\r\nhost: test\r\nauthorization: Bot ${TOKEN}\r\ncontent-type: application/json\r\n` +
            `content-length: 1000000000\r\n\r\n{`
        )
      })
      assert.match(text, /^HTTP\/1.1 413 [\s\S]*"code":40005/)
    })
  )

  it.effect("a gateway that is asked for by plain HTTP says what it is", () =>
    Effect.gen(function* () {
      const response = yield* HttpClient.execute(HttpClientRequest.get("/gateway"))
      assert.strictEqual(response.status, 426)
      assert.deepInclude(response.headers, { upgrade: "websocket", connection: "upgrade" })
    })
  )
})

/** A server as an app has it that traces its own requests, and leaves all to Effect's defaults. */
const spans = recorder()
const traced = HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide(guilds.layer(2)),
  Layer.provideMerge(spans.layer)
)

it.layer(traced)("Ingress, under a server that traces by itself", (it) => {
  it.effect("neither a conversation nor an unsampled message becomes part of the server's traces", () =>
    Effect.gen(function* () {
      const url = yield* HttpServer.addressFormattedWith(Effect.succeed)
      const heard = yield* Effect.promise(
        () =>
          new Promise<ReadonlyArray<string>>((done) => {
            const names: Array<string> = []
            const socket = new WebSocket(`${url.replace("http", "ws")}/gateway`)
            socket.onmessage = ({ data }) => {
              const { op, t }: { readonly op: number; readonly t: string | null } = JSON.parse(String(data))
              if (t !== null) names.push(t)
              if (op === 10) socket.send(JSON.stringify({ op: 2, d: { token: TOKEN, intents: 513 } }))
              if (t === "GUILD_CREATE") {
                void fetch(`${url}${messages(GENERAL)}`, {
                  method: "POST",
                  headers: { authorization: `Bot ${TOKEN}` },
                  body: hello
                })
              }
              if (t !== "MESSAGE_CREATE") return
              socket.onclose = () => done(names)
              socket.close()
            }
          })
      )
      assert.deepStrictEqual(heard, ["READY", "GUILD_CREATE", "MESSAGE_CREATE"])
      const ours = spans.opened.map(({ name }) => name).filter((name) => name.includes("."))
      assert.deepStrictEqual(ours, [])
    })
  )
})
