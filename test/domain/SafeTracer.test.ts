import * as OtelTracer from "@effect/opentelemetry/OtelTracer"
import { assert, describe, it } from "@effect/vitest"
import { type Span as OtelSpan, trace } from "@opentelemetry/api"
import { InMemorySpanExporter, NodeTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-node"
import { Effect, Layer, Logger, Metric, Tracer } from "effect"
import { TestClock } from "effect/testing"
import { afterAll } from "vitest"
import * as Metrics from "../../src/domain/Metrics.ts"
import * as SafeTracer from "../../src/domain/SafeTracer.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { sampledCarrier } from "../support/tracing.ts"

const headers = { traceparent: sampledCarrier.traceparent }
const handled = <A>(handler: Effect.Effect<A>) => Transport.ingress(headers, { name: "ingress.http" }, handler)

const exporter = new InMemorySpanExporter()
const provider = new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
provider.register()
afterAll(() => provider.shutdown())

describe("SafeTracer", () => {
  it.effect("each failure is counted, and one a minute is logged", () => {
    const logged: Array<unknown> = []
    const logger = Logger.make(({ message }) => void logged.push(message))
    const tracer = Tracer.make({
      span: () => {
        throw new Error("the tracer is broken")
      }
    })
    const failing = Effect.repeat(handled(Effect.void), { times: 9 })
    return Effect.gen(function* () {
      yield* failing
      yield* TestClock.adjust("59 seconds")
      yield* failing
      assert.lengthOf(logged, 1)
      yield* TestClock.adjust("1 second")
      yield* failing
      assert.lengthOf(logged, 2)
      assert.strictEqual((yield* Metric.value(Metrics.tracerFailed("start"))).count, 30)
    }).pipe(
      Effect.provideService(Tracer.Tracer, tracer),
      Effect.provide(Logger.layer([logger])),
      Effect.provideService(SafeTracer.Reported, new SafeTracer.Reports()),
      Effect.provideService(Metric.MetricRegistry, new Map())
    )
  })

  it.effect("within a span of OpenTelemetry's SDK, that very span is found", () =>
    Effect.gen(function* () {
      const seen: Array<OtelSpan | undefined> = []
      yield* handled(
        Effect.gen(function* () {
          seen.push(yield* Effect.orDie(OtelTracer.currentOtelSpan))
          seen.push(yield* Effect.sync(() => trace.getActiveSpan()))
        })
      )
      const [span, ...others] = exporter.getFinishedSpans()
      assert.deepStrictEqual(others, [])
      assert.strictEqual(span?.name, "ingress.http")
      for (const one of seen) assert.isTrue(Object.is(one, span))
    }).pipe(
      Effect.provide(OtelTracer.layer.pipe(Layer.provide(Layer.succeed(OtelTracer.OtelTracerProvider, provider))))
    )
  )

  it.effect("where nobody would hear of the spans, there is nothing to be made safe", () =>
    Effect.withFiber((fiber) =>
      Effect.sync(() => {
        assert.isUndefined(SafeTracer.of(fiber))
        assert.strictEqual(SafeTracer.provide(fiber.context), fiber.context)
      })
    )
  )
})
