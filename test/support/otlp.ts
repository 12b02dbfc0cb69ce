/** An OTLP receiver that is not ours, and the spans and histograms that reached it. */
import { MockOtlpServer } from "@elastic/mockotlpserver"
import { Effect, Queue, Schema } from "effect"

/** JSON carries ids in hex; the receiver shows protobuf's bytes in base64. */
const Id = (bytes: number) => (text: string) =>
  text.length === bytes * 2 ? text : Buffer.from(text, "base64").toString("hex")

const traceId = Id(16)
const spanId = Id(8)

const Span = Schema.Struct({
  traceId: Schema.String,
  spanId: Schema.String,
  parentSpanId: Schema.optional(Schema.String),
  name: Schema.String,
  kind: Schema.Union([Schema.Int, Schema.String]),
  attributes: Schema.optional(Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.Json }))),
  links: Schema.optional(Schema.Array(Schema.Struct({ traceId: Schema.String, spanId: Schema.String }))),
  status: Schema.optional(Schema.Struct({ code: Schema.optional(Schema.Union([Schema.Int, Schema.String])) }))
})

const Request = Schema.Struct({
  resourceSpans: Schema.Array(
    Schema.Struct({
      resource: Schema.Struct({ attributes: Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.Json })) }),
      scopeSpans: Schema.Array(Schema.Struct({ spans: Schema.Array(Span) }))
    })
  )
})

export interface ReceivedSpan {
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId: string | undefined
  readonly name: string
  readonly kind: string
  readonly attributes: ReadonlyMap<string, unknown>
  readonly links: ReadonlyArray<string>
  readonly status: string
  readonly service: unknown
  readonly instance: unknown
}

/** By number, as JSON has them; the receiver shows protobuf's by name. */
const KINDS = [
  "SPAN_KIND_UNSPECIFIED",
  "SPAN_KIND_INTERNAL",
  "SPAN_KIND_SERVER",
  "SPAN_KIND_CLIENT",
  "SPAN_KIND_PRODUCER",
  "SPAN_KIND_CONSUMER"
]
const STATUSES = ["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"]

/** An attribute's value, in whichever of the ways to write it; numbers as numbers. */
const valueOf = (value: Schema.Json): unknown => {
  const [[type, inner] = []] = Object.entries(Object(value))
  return type === "intValue" || type === "doubleValue" ? Number(inner) : inner
}

const decode = Schema.decodeUnknownSync(Request)

const spansOf = (request: unknown): ReadonlyArray<ReceivedSpan> =>
  decode(JSON.parse(JSON.stringify(request))).resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        traceId: traceId(span.traceId),
        spanId: spanId(span.spanId),
        parentSpanId: span.parentSpanId === undefined ? undefined : spanId(span.parentSpanId),
        name: span.name,
        kind: KINDS[Number(span.kind)] ?? String(span.kind),
        attributes: new Map((span.attributes ?? []).map(({ key, value }) => [key, valueOf(value)])),
        links: (span.links ?? []).map((link) => spanId(link.spanId)),
        status: STATUSES[Number(span.status?.code ?? 0)] ?? String(span.status?.code),
        service: resource.attributes.find(({ key }) => key === "service.name")?.value,
        instance: valueOf(resource.attributes.find(({ key }) => key === "service.instance.id")?.value ?? null)
      }))
    )
  )

const Attributes = Schema.optional(Schema.Array(Schema.Struct({ key: Schema.String, value: Schema.Json })))

const Metrics = Schema.Struct({
  resourceMetrics: Schema.Array(
    Schema.Struct({
      scopeMetrics: Schema.Array(
        Schema.Struct({
          metrics: Schema.optional(
            Schema.Array(
              Schema.Struct({
                name: Schema.String,
                histogram: Schema.optional(
                  Schema.Struct({
                    dataPoints: Schema.Array(
                      Schema.Struct({ attributes: Attributes, count: Schema.Union([Schema.Int, Schema.String]) })
                    )
                  })
                )
              })
            )
          )
        })
      )
    })
  )
})

export interface ReceivedHistogram {
  readonly name: string
  readonly attributes: ReadonlyMap<string, unknown>
  readonly count: number
}

const decodeMetrics = Schema.decodeUnknownSync(Metrics)

const histogramsOf = (request: unknown): ReadonlyArray<ReceivedHistogram> =>
  decodeMetrics(JSON.parse(JSON.stringify(request)))
    .resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics ?? []))
    .flatMap(({ histogram, name }) =>
      (histogram?.dataPoints ?? []).map(({ attributes, count }) => ({
        name,
        attributes: new Map((attributes ?? []).map(({ key, value }) => [key, valueOf(value)])),
        count: Number(count)
      }))
    )

export const receiver = Effect.gen(function* () {
  const spans = yield* Queue.unbounded<ReceivedSpan>()
  const metrics = yield* Queue.unbounded<ReceivedHistogram>()
  const server = yield* Effect.acquireRelease(
    Effect.promise(async () => {
      const server = new MockOtlpServer({
        logLevel: "error",
        services: ["http"],
        httpHostname: "127.0.0.1",
        httpPort: 0,
        onTrace: (request) => void Queue.offerAllUnsafe(spans, spansOf(request)),
        onMetrics: (request) => void Queue.offerAllUnsafe(metrics, histogramsOf(request))
      })
      await server.start()
      return server
    }),
    (server) => Effect.promise(() => server.close())
  )
  return { url: server.httpUrl.href, spans, metrics }
})
