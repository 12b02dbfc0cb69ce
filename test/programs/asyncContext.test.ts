/**
 * No fiber and no handler of ours is in the async context of whoever happened to start it: what is recorded there, by an
 * instrumentation that somebody made by hand with OpenTelemetry's SDK, is part of nobody's trace.
 */
import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { trace } from "@opentelemetry/api"
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node"
import {
  type Cause,
  ConfigProvider,
  Context,
  Deferred,
  Effect,
  Fiber,
  Layer,
  Option,
  Queue,
  Redacted,
  Stream
} from "effect"
import { FetchHttpClient, HttpMiddleware, HttpRouter, HttpServer } from "effect/http"
import { createServer, type Server } from "node:http"
import { afterAll, afterEach } from "vitest"
import * as Community from "../../src/domain/Community.ts"
import * as Detached from "../../src/domain/Detached.ts"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as FanOut from "../../src/domain/FanOut.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import * as Opcode from "../../src/domain/gateway/Opcode.ts"
import * as Payload from "../../src/domain/gateway/Payload.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import { type Members, MemberStore } from "../../src/domain/MemberStore.ts"
import * as Wire from "../../src/domain/remote/Wire.ts"
import * as Sender from "../../src/domain/Sender.ts"
import { SessionSocket } from "../../src/domain/SessionSocket.ts"
import * as Supervision from "../../src/domain/Supervision.ts"
import type { Link } from "../../src/domain/Worker.ts"
import { Accounts } from "../../src/layers/Accounts.ts"
import * as MemberStores from "../../src/layers/MemberStore.ts"
import * as GroupCommit from "../../src/layers/MemberStore/GroupCommit.ts"
import * as Notifier from "../../src/layers/Notifier.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Otlp from "../../src/layers/Otlp.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as grpcSocket from "../../src/layers/SessionSocket/grpc.ts"
import * as webSocket from "../../src/layers/SessionSocket/webSocket.ts"
import * as Actor from "../../src/programs/Actor.ts"
import * as Guild from "../../src/programs/Guild.ts"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"
import * as Guilds from "../../src/programs/Guilds.ts"
import * as Ingress from "../../src/programs/Ingress.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { community, draft, GENERAL, GUILD, member, sessionId, STAFF, userId } from "../support/community.ts"
import * as grpc from "../support/grpc.ts"
import * as guilds from "../support/guilds.ts"
import { callerSpan, sampledCarrier } from "../support/tracing.ts"

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
// Its context manager is one of an AsyncLocalStorage.
provider.register()
const tracer = provider.getTracer("made by hand")

afterEach(() => exporter.reset())
afterAll(() => provider.shutdown())

/** What a hand-made instrumentation does around a query. */
const query = (place: string): void => tracer.startSpan(place).end()
const queried = (place: string) => Effect.sync(() => query(place))

/** Runs an effect as a server that traces its requests would: in the async context of a span. */
const inServerSpan = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.contextWith((context: Context.Context<R>) =>
    Effect.callback<A, E>((resume) => {
      tracer.startActiveSpan("POST /", (span) => {
        const fiber = Effect.runForkWith(context)(
          Effect.andThen(
            Effect.sync(() => assert.strictEqual(trace.getActiveSpan(), span)),
            effect
          )
        )
        fiber.addObserver((exit) => {
          span.end()
          resume(exit)
        })
      })
    })
  )

/** All of these have been, and each was in no trace. */
const assertRoots = (places: ReadonlyArray<string>): void => {
  const spans = exporter.getFinishedSpans().filter(({ name }) => name !== "POST /")
  assert.includeMembers(
    spans.map(({ name }) => name),
    places.slice()
  )
  assert.deepStrictEqual(
    spans.flatMap(({ name, parentSpanContext }) => (parentSpanContext === undefined ? [] : [name])),
    []
  )
}

interface Worker {
  readonly Work: { readonly payload: void; readonly success: void; readonly error: never }
  readonly Die: { readonly payload: void; readonly success: void; readonly error: never }
}

/** An actor that queries wherever it may; `ticked` waits for its timers. */
const worker = Effect.gen(function* () {
  const ticks = yield* Queue.unbounded<string>()
  let lives = 0
  const actor = yield* Actor.make<Worker, string>()({
    kind: "worker",
    capacity: 16,
    supervision: Supervision.restart(),
    init: (self) =>
      Effect.gen(function* () {
        query(lives++ === 0 ? "init" : "init of the next life")
        yield* Effect.sleep(1)
        query("init, after a while")
        yield* self.after(1, "timer")
        return {
          requests: {
            Work: () =>
              Effect.gen(function* () {
                query("handler")
                yield* Effect.yieldNow
                yield* Effect.sleep(1)
                query("handler, after a while")
                yield* self.after(1, "timer of a handler")
              }),
            Die: () => Effect.die("as the test wants it")
          },
          message: (text) => {
            query(text)
            return Queue.offer(ticks, text)
          }
        }
      })
  })
  return { actor, ticks }
})

const WORKED = [
  "init",
  "init, after a while",
  "handler",
  "handler, after a while",
  "timer",
  "timer of a handler",
  "init of the next life"
]

const worked = Effect.fnUntraced(function* ({ actor, ticks }: Effect.Success<typeof worker>) {
  yield* Transport.call(actor, "Work", undefined)
  yield* Queue.takeN(ticks, 2)
  yield* Effect.ignore(Transport.call(actor, "Die", undefined))
  yield* Transport.call(actor, "Work", undefined)
  yield* Queue.takeN(ticks, 2)
})

/** A store that queries with everything that it is asked. */
const store = Layer.effect(
  MemberStore,
  Effect.map(MemberStore, ({ open }) => ({
    open: (guild) =>
      Effect.map(open(guild), (members): Members => {
        const asking = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.andThen(queried("store"), effect)
        return {
          get: (user) => asking(members.get(user)),
          put: (member) => asking(members.put(member)),
          putAll: (all) => asking(members.putAll(all)),
          remove: (user) => asking(members.remove(user)),
          size: asking(members.size),
          page: (after, limit) => asking(members.page(after, limit)),
          scan: (wanted, options) => Stream.unwrap(Effect.as(queried("scan"), members.scan(wanted, options))),
          ids: (wanted, options) => Effect.andThen(queried("scan"), members.ids(wanted, options))
        }
      })
  }))
).pipe(Layer.provide(MemberStores.heap))

const sampler = Layer.succeed(Sampler.Sampler, {
  decide: () => {
    query("sampler")
    return { probability: 1 }
  }
})

const accounts = Layer.succeed(Accounts, {
  authenticate: (token) =>
    Effect.map(queried("accounts"), () => Option.some(member(Number(Redacted.value(token).replace("token-", ""))).user))
})

/** A server whose requests are handled as OpenTelemetry's instrumentation of `node:http` has them handled. */
const instrumented = (): Server => {
  const server = createServer()
  const emit = server.emit.bind(server)
  server.emit = (name: string, ...values: Array<unknown>) =>
    name === "request" || name === "upgrade"
      ? tracer.startActiveSpan("POST /", (span) => {
          span.end()
          return emit(name, ...values)
        })
      : emit(name, ...values)
  return server
}

describe("an actor", () => {
  it.live("that was made within a server's span", () =>
    Effect.gen(function* () {
      yield* worked(yield* inServerSpan(worker))
      assertRoots(WORKED)
    }).pipe(Effect.scoped)
  )

  it.live("that is called from within a server's span", () =>
    Effect.gen(function* () {
      const own = yield* worker
      yield* inServerSpan(worked(own))
      assertRoots(WORKED)
    }).pipe(Effect.scoped)
  )

  it.live("that was made within a span of Effect's, which OpenTelemetry's SDK has in the async context", () =>
    Effect.gen(function* () {
      const made = yield* worker.pipe(
        Effect.withSpan("POST /"),
        Effect.provide(OtelTracer.layer.pipe(Layer.provide(Layer.succeed(OtelTracer.OtelTracerProvider, provider))))
      )
      yield* worked(made)
      assertRoots(WORKED)
    }).pipe(Effect.scoped)
  )
})

describe("a mailbox", () => {
  it.live("whose messages are offered within a server's span, handled by plain functions and by effects", () =>
    Effect.gen(function* () {
      const done = yield* Queue.unbounded<string>()
      const mailbox = yield* Mailbox.bounded<string>(16)
      const fiber = yield* Detached.fork(
        Mailbox.consume(mailbox, (text) => {
          query(text)
          Queue.offerUnsafe(done, text)
          return text === "plain" ? undefined : queried("effect, as it runs")
        })
      )
      yield* Effect.yieldNow
      yield* inServerSpan(
        Effect.gen(function* () {
          for (const text of ["plain", "effect", "plain"]) yield* Mailbox.offer(mailbox, text)
          yield* Queue.takeN(done, 3)
        })
      )
      yield* Fiber.interrupt(fiber)
      assertRoots(["plain", "effect", "effect, as it runs"])
    })
  )

  it.live("whose messages are handed over by a fan-out within a span, of a server's and of Effect's", () =>
    Effect.gen(function* () {
      const all = 600
      const done = yield* Queue.unbounded<void>()
      const mailboxes = yield* Effect.forEach(Array.from({ length: all }), () =>
        Mailbox.make<string | Envelope.Envelope<string>>()
      )
      const handler = () => {
        query("handed over")
        Queue.offerUnsafe(done, undefined)
      }
      const fibers = yield* Effect.forEach(mailboxes, (mailbox) => Detached.fork(Mailbox.consume(mailbox, handler)))
      yield* Effect.yieldNow
      const recipients = mailboxes.map((mailbox) => ({ mailbox }))
      const push = Effect.andThen(
        Effect.suspend(() => Sender.makeInline().push(FanOut.uniform(recipients, "hello"), () => Effect.void)),
        Queue.takeN(done, all)
      )
      // Those who have handled one are idle, and are handed the others.
      yield* push
      assert.isTrue(mailboxes.every(({ isIdle }) => isIdle))
      yield* inServerSpan(push)
      yield* push.pipe(
        Effect.withSpan("POST /"),
        Effect.provide(OtelTracer.layer.pipe(Layer.provide(Layer.succeed(OtelTracer.OtelTracerProvider, provider))))
      )
      yield* Fiber.interruptAll(fibers)
      assertRoots(["handed over"])
    })
  )
})

describe("a guild, its relays and its sessions", () => {
  const owned = Community.make({
    ...community,
    ownerId: userId(1),
    roles: Array.from(community.roles.values()),
    channels: Array.from(community.channels.values())
  })

  /** A guild and a session of it, whose connection takes nothing at once when it is `full`. */
  const world = Effect.gen(function* () {
    const pings = yield* Queue.unbounded<void>()
    const frames = yield* Queue.unbounded<string>()
    const socket: SessionSocket["Service"] = {
      receive: Effect.never,
      sendUnsafe: (payload) => {
        query("socket")
        Queue.offerUnsafe(frames, Payload.frame(payload, 0))
        return true
      },
      send: (frame) => Effect.andThen(queried("socket that is waited for"), Queue.offer(frames, frame)),
      close: () => queried("socket that is closed")
    }
    const full = { ...socket, sendUnsafe: () => false }
    const notifier = Layer.succeed(Notifier.Notifier, {
      pinged: () => Effect.andThen(queried("notifier"), Queue.offer(pings, undefined))
    })
    const context = yield* Layer.build(
      Layer.mergeAll(
        Session.layer(),
        Guilds.layer([{ community: owned, members: guilds.members(3), summaryInterval: "1 millis" }])
      ).pipe(Layer.provide([store, sampler, notifier, Offload.senders()]))
    )
    const [guild] = Context.get(context, Guilds.Guilds).all
    assert.isDefined(guild)
    const open = (index: number, own: SessionSocket["Service"]) =>
      Effect.flatMap(Context.get(context, Session.Sessions).open(sessionId(index), userId(index)), (session) =>
        Effect.as(
          Guild.connect(guild, session, { user: userId(index), intents: Intents.GUILDS | Intents.GUILD_MESSAGES }),
          session
        )
      ).pipe(Effect.provideService(SessionSocket, own))
    return { guild, first: yield* open(1, socket), second: yield* open(2, full), frames, pings }
  })

  const used = Effect.fnUntraced(function* ({ first, frames, guild, pings, second }: Effect.Success<typeof world>) {
    const say = (content: string) =>
      Transport.call(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft(content) })
    const count = (text: string, times: number): Effect.Effect<void> =>
      times === 0
        ? Effect.void
        : Effect.flatMap(Queue.take(frames), (frame) => count(text, frame.includes(text) ? times - 1 : times))
    yield* say("@everyone hello")
    yield* count("hello", 2)
    yield* Queue.take(pings)
    yield* Effect.withParentSpan(say("sampled"), callerSpan)
    yield* count("sampled", 2)
    yield* Transport.call(guild, "DeleteRole", { role: STAFF })
    yield* Transport.call(guild, "AddMember", { member: member(4) })
    // Whoever ends a session closes its socket, and does so in their own context.
    yield* Detached.run(first.end({ code: 4000, reason: "" }))
    yield* second.stop
  })

  const PLACES = [
    "store",
    "scan",
    "sampler",
    "socket",
    "socket that is waited for",
    "socket that is closed",
    "notifier"
  ]

  it.live("that were made within a server's span", () =>
    Effect.gen(function* () {
      yield* used(yield* inServerSpan(world))
      assertRoots(PLACES)
    }).pipe(Effect.scoped)
  )

  it.live("that are used from within a server's span", () =>
    Effect.gen(function* () {
      const own = yield* world
      yield* inServerSpan(used(own))
      assertRoots(PLACES)
    }).pipe(Effect.scoped)
  )
})

describe("a worker's link", () => {
  it.live("whose guilds were made, and which is written to, within a server's span", () =>
    Effect.gen(function* () {
      const frames = yield* Mailbox.unbounded<string, Cause.Done>()
      const sent = yield* Queue.unbounded<string>()
      const link: Link = { frames, send: (text) => Queue.offerUnsafe(sent, text) }
      const offload = Layer.succeed(Offload.Offload, {
        sender: Effect.succeed(Sender.inline),
        workers: [{ name: "worker-0", run: (life) => Effect.andThen(life(link), Effect.never) }]
      })
      yield* inServerSpan(
        Layer.build(
          Guilds.layer([{ community, members: guilds.members(3) }]).pipe(Layer.provide([store, Sampler.never, offload]))
        )
      )
      exporter.reset()
      const payload = Wire.ways.GetMembers.payload.encodeSync({ users: [userId(1)] })
      const request = Envelope.make({ tag: "GetMembers" as const, payload })
      const asking = Wire.encodeUp({ _tag: "Request", guild: GUILD, number: 0, request })
      yield* inServerSpan(Mailbox.offer(frames, asking))
      const replied: Effect.Effect<void> = Effect.flatMap(Queue.take(sent), (text) =>
        text.includes("Reply") ? Effect.void : replied
      )
      yield* replied
      assertRoots(["store"])
    }).pipe(Effect.scoped)
  )
})

describe("changes that are committed together", () => {
  it.live("in whichever server's span the first of them was asked for", () =>
    Effect.gen(function* () {
      const commit = (changes: ReadonlyArray<number>) =>
        Effect.gen(function* () {
          query("commit")
          yield* Effect.sleep(1)
          query("commit, after a while")
          return changes
        })
      const change = yield* GroupCommit.make({ commit, most: 8, background: (effect) => effect })
      yield* Effect.forEach([1, 2, 3], (value) => inServerSpan(change(value)), { concurrency: "unbounded" })
      assertRoots(["commit", "commit, after a while"])
    }).pipe(Effect.scoped)
  )
})

describe("a client's conversation", () => {
  const services = Layer.mergeAll(
    Session.layer(),
    Guilds.layer([{ community, members: guilds.members(2) }]).pipe(
      Layer.provide([store, Sampler.never, Offload.senders()])
    ),
    accounts
  )

  it.live("over a WebSocket, whose upgrade was a server's span", () =>
    Effect.gen(function* () {
      const context = yield* Layer.build(
        HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
          Layer.provide(Layer.succeed(HttpMiddleware.TracerDisabledWhen, () => true)),
          Layer.provideMerge(services),
          Layer.provideMerge(
            NodeHttpServer.layer(instrumented, { port: 0, host: "127.0.0.1", gracefulShutdownTimeout: 0 })
          )
        )
      )
      const address = yield* Effect.provideContext(HttpServer.addressFormattedWith(Effect.succeed), context)
      const frames = yield* Queue.unbounded<string>()
      const client = yield* Effect.acquireRelease(
        Effect.sync(() => new WebSocket(`${address.replace("http", "ws")}/gateway`)),
        (client) => Effect.sync(() => client.close())
      )
      client.onmessage = ({ data }) => void Queue.offerUnsafe(frames, String(data))
      const until = (text: string): Effect.Effect<void> =>
        Effect.flatMap(Queue.take(frames), (frame) => (frame.includes(text) ? Effect.void : until(text)))
      const say = (op: number, d: unknown) => Effect.sync(() => client.send(JSON.stringify({ op, d })))
      yield* until(`"op":${Opcode.HELLO}`)
      exporter.reset()
      yield* say(Opcode.IDENTIFY, { token: "token-1", intents: Intents.GUILDS | Intents.GUILD_MEMBERS })
      yield* until("GUILD_CREATE")
      yield* say(Opcode.REQUEST_GUILD_MEMBERS, { guild_id: GUILD, query: "", limit: 0 })
      yield* until("GUILD_MEMBERS_CHUNK")
      assertRoots(["accounts", "store", "scan"])
    }).pipe(Effect.scoped)
  )

  it.live("over gRPC, whose server was made within a server's span", () =>
    Effect.gen(function* () {
      const context = yield* inServerSpan(
        Layer.build(
          GrpcIngress.layer({ host: "127.0.0.1", port: 0, grace: "250 millis", socket: grpcSocket.layer }).pipe(
            Layer.provide(services)
          )
        )
      )
      exporter.reset()
      const { host, port } = Context.get(context, GrpcIngress.GrpcIngress)
      const { sendMessage, subscribe } = yield* grpc.connect(`${host}:${port}`)
      const authorization = "Bot token-1"
      const subscription = yield* subscribe({ intents: 0, guildId: GUILD }, { authorization })
      yield* subscription.next
      yield* sendMessage({ channelId: GENERAL, content: "hello" }, { authorization })
      yield* subscription.next
      assertRoots(["accounts", "store"])
    }).pipe(Effect.scoped)
  )
})

describe("what is exported", () => {
  it.live("is not part of the trace in which the exporter was made", () =>
    Effect.gen(function* () {
      const asked = yield* Deferred.make<void>()
      const environment = ConfigProvider.fromUnknown({
        OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318",
        OTEL_METRICS_EXPORTER: "none",
        OTEL_BSP_SCHEDULE_DELAY: "10"
      })
      const fetch = (): Promise<Response> => {
        query("export")
        Deferred.doneUnsafe(asked, Effect.void)
        return Promise.resolve(new Response())
      }
      yield* Effect.gen(function* () {
        const scope = yield* Effect.scope
        const context = yield* inServerSpan(Layer.buildWithScope(Otlp.layer({ serviceName: "test" }), scope))
        yield* Effect.provideContext(
          Transport.ingress({ traceparent: sampledCarrier.traceparent }, { name: "ingress.http" }, Effect.void),
          context
        )
        yield* Deferred.await(asked)
      }).pipe(
        Effect.scoped,
        Effect.provideService(FetchHttpClient.Fetch, fetch),
        Effect.provideService(ConfigProvider.ConfigProvider, environment)
      )
      assertRoots(["export"])
    }).pipe(Effect.scoped)
  )
})
