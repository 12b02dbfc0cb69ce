/** The same program, traced by Effect's own exporter and by OpenTelemetry's SDK, as an independent receiver sees it. */
import * as NodeSdk from "@effect/opentelemetry/NodeSdk"
import { assert, describe, it } from "@effect/vitest"
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http"
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base"
import { Effect, Exit, Layer, Logger, Option, Queue, References, Scope } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import * as Supervision from "../../src/domain/Supervision.ts"
import * as Actor from "../../src/programs/Actor.ts"
import { Guilds } from "../../src/programs/Guilds.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { login } from "../support/client.ts"
import { draft, GENERAL, GUILD, userId } from "../support/community.ts"
import * as guilds from "../support/guilds.ts"
import * as otlp from "../support/otlp.ts"
import { PARENT_ID, sampledCarrier, TRACE_ID } from "../support/tracing.ts"

const RESOURCE = { serviceName: "interop" }

const effects = (url: string): Layer.Layer<never> =>
  OtlpTracer.layer({ url: `${url}v1/traces`, resource: RESOURCE }).pipe(
    Layer.provide([OtlpSerialization.layerJson, FetchHttpClient.layer])
  )

const openTelemetrys = (url: string): Layer.Layer<never> =>
  NodeSdk.layer(() => ({
    resource: RESOURCE,
    spanProcessor: new BatchSpanProcessor(new OTLPTraceExporter({ url: `${url}v1/traces` }))
  }))

interface Worker {
  readonly Work: { readonly payload: boolean; readonly success: string; readonly error: "refused" }
  readonly Die: { readonly payload: void; readonly success: void; readonly error: never }
}

/** A message to three sessions of a guild; an actor that a traced fiber starts, with an answer, an error and a defect. */
const program = Effect.gen(function* () {
  const clients = yield* Effect.forEach(["token-1", "token-2", "token-3"], (token) => login(token))
  const guild = Option.getOrThrow((yield* Guilds).byId(GUILD))
  yield* Transport.ingress(
    { traceparent: sampledCarrier.traceparent, tracestate: "vendor=1" },
    { name: "ingress.http", attributes: { "http.request.method": "POST" } },
    Effect.gen(function* () {
      yield* Transport.call(guild, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft("hello") })
      const worker = yield* Actor.make<Worker>()({
        kind: "worker",
        capacity: 4,
        supervision: Supervision.resume,
        attributes: { "worker.number": 7, "worker.idle": true },
        init: () =>
          Effect.succeed({
            requests: {
              Work: (refuses) =>
                Effect.withSpan(refuses ? Effect.fail("refused" as const) : Effect.succeed("done"), "of the handler"),
              Die: () => Effect.die(new Error("defect"))
            }
          })
      })
      yield* Transport.call(worker, "Work", false)
      yield* Effect.ignore(Transport.call(worker, "Work", true))
      yield* Effect.ignore(Transport.call(worker, "Die", undefined))
    })
  )
  for (const client of clients) yield* client.until("MESSAGE_CREATE")
}).pipe(Effect.scoped)

/** What of a span is the same in every run: times and random ids are not. */
const compared = (spans: ReadonlyArray<otlp.ReceivedSpan>) => {
  const name = (id: string | undefined) => spans.find(({ spanId }) => spanId === id)?.name ?? id
  const values = (attributes: ReadonlyMap<string, unknown>) =>
    Array.from(attributes)
      .map(([key, value]) => (["session.id", "mailbox.wait_ms"].includes(key) ? key : `${key}=${String(value)}`))
      .toSorted()
  return spans
    .map((span) =>
      [
        `${name(span.parentSpanId)} → ${span.name}`,
        span.traceId,
        span.kind,
        span.status,
        `links: ${span.links.map(name).join()}`,
        ...values(span.attributes)
      ].join(" | ")
    )
    .toSorted()
}

const traced = (tracing: (url: string) => Layer.Layer<never>) =>
  Effect.gen(function* () {
    const collector = yield* otlp.receiver
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(Layer.provideMerge(guilds.layer(3), tracing(collector.url)), scope)
    yield* Effect.provideContext(program, context)
    // Closing flushes: what has not come by then never will.
    yield* Scope.close(scope, Exit.void)
    return yield* Queue.clear(collector.spans)
  })

describe("interoperation", () => {
  it.live("the trace is the same by effect/observability and by OpenTelemetry's SDK", () =>
    Effect.gen(function* () {
      const ours = compared(yield* traced(effects))
      const theirs = compared(yield* traced(openTelemetrys))
      assert.deepStrictEqual(theirs, ours)
      const ways = ours.map((span) => span.split(" | ")[0])
      assert.deepStrictEqual(
        ways,
        [
          "actor.call Work → of the handler",
          "actor.call Work → of the handler",
          "guild.SendMessage → relay.fanout",
          "ingress.http → actor.call Die",
          "ingress.http → actor.call Work",
          "ingress.http → actor.call Work",
          "ingress.http → guild.SendMessage",
          "relay.fanout → session.deliver",
          "relay.fanout → session.deliver",
          "relay.fanout → session.deliver",
          `${PARENT_ID} → ingress.http`
        ].toSorted()
      )
      for (const span of ours) assert.include(span, TRACE_ID)
      assert.lengthOf(
        ours.filter((span) => span.includes("links: ingress.http")),
        1
      )
      assert.lengthOf(
        ours.filter((span) => span.includes("STATUS_CODE_ERROR")),
        3
      )
    }).pipe(Effect.scoped)
  )

  it.live("logs in a sampled handler carry the ids of the very span that is exported", () =>
    Effect.gen(function* () {
      for (const tracing of [effects, openTelemetrys]) {
        const collector = yield* otlp.receiver
        const scope = yield* Scope.make()
        const lines: Array<Record<string, unknown>> = []
        const logger = Logger.make(({ fiber }) => void lines.push(fiber.getRef(References.CurrentLogAnnotations)))
        const context = yield* Layer.buildWithScope(Layer.merge(tracing(collector.url), Logger.layer([logger])), scope)
        yield* Transport.ingress(sampledHeaders, { name: "ingress.http" }, Effect.log("hello")).pipe(
          Effect.provideContext(context)
        )
        yield* Scope.close(scope, Exit.void)
        const [span] = yield* Queue.clear(collector.spans)
        assert.deepStrictEqual(lines, [{ trace_id: TRACE_ID, span_id: span?.spanId }])
      }
    }).pipe(Effect.scoped)
  )
})

const sampledHeaders = { traceparent: sampledCarrier.traceparent }
