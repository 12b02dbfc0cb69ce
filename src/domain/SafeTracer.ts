/**
 * A tracer that never throws. Tracing never costs a delivery: when the tracer inside fails, a span is lost and nothing
 * else.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, Exit, type Fiber, Option, Predicate, Tracer } from "effect"
import { outside } from "./AsyncContext.ts"
import * as Metrics from "./Metrics.ts"

/**
 * What a tracer was asked to do when it failed: to `start` or `end` a span, to take an `attribute`, an `event` or `links`
 * for it, to tell something of it (`read`), or to run a step of a fiber within it (`context`).
 *
 * @since 0.1.0
 * @category models
 */
export type Operation = "start" | "end" | "attribute" | "event" | "links" | "read" | "context"

type SpanOptions = Parameters<Tracer.Tracer["span"]>[0]
type AnyFiber = Fiber.Fiber<unknown, unknown>

const REPORT_INTERVAL_NANOS = 60_000_000_000n

/**
 * When the last failure was logged.
 *
 * @since 0.1.0
 * @category models
 */
export class Reports {
  private last: bigint | undefined = undefined

  /** At most once a minute. A time before the last one comes from another clock, and is due. */
  isDue(now: bigint): boolean {
    if (this.last !== undefined && now >= this.last && now - this.last < REPORT_INTERVAL_NANOS) return false
    this.last = now
    return true
  }
}

/**
 * Limits what is logged while a tracer fails. All fibers that share this log one line a minute together.
 *
 * @since 0.1.0
 * @category references
 */
export const Reported: Context.Reference<Reports> = Context.Reference<Reports>("fanfare/domain/SafeTracer/Reported", {
  defaultValue: () => new Reports()
})

/**
 * Counts a failure of the tracer, and logs it if none has been logged for a minute.
 *
 * @since 0.1.0
 * @category reporting
 */
export const failed = (context: Context.Context<never>, operation: Operation, error: unknown): void => {
  Metrics.tracerFailed(operation).updateUnsafe(1, context)
  if (!Context.get(context, Reported).isDue(Context.get(context, Clock.Clock).monotonicTimeNanosUnsafe())) return
  const run = Effect.runForkWith(Context.omit(Tracer.Tracer, Tracer.ParentSpan)(context))
  const reported = Effect.logWarning(
    `the tracer failed (${operation}): spans are lost, messages are not; see the metric fanfare.tracer.failed`,
    error
  )
  outside(() => run(reported))
}

/** Stands for a span that could not be started. Spans within it continue its parent. */
class AbsentSpan implements Tracer.Span {
  readonly _tag = "Span"
  readonly traceId = "noop"
  readonly spanId = "noop"
  readonly sampled = false
  readonly name: string
  readonly kind: Tracer.SpanKind
  readonly parent: Option.Option<Tracer.AnySpan>
  readonly annotations: Context.Context<never>
  readonly links: ReadonlyArray<Tracer.SpanLink> = []
  readonly attributes: ReadonlyMap<string, unknown> = new Map()
  readonly status: Tracer.SpanStatus

  constructor({ annotations, kind, name, parent, startTime }: SpanOptions) {
    this.name = name
    this.kind = kind
    this.parent = parent
    this.annotations = Context.add(annotations, Tracer.DisablePropagation, true)
    this.status = { _tag: "Ended", startTime, endTime: startTime, exit: Exit.void }
  }

  end(): void {}
  attribute(): void {}
  event(): void {}
  addLinks(): void {}
}

type OnFailure = (operation: Operation, error: unknown) => void

/** A tracer may do its work in a promise. A rejection that nobody handles would end the process. */
const settle = (result: unknown, operation: Operation, onFailure: OnFailure): void => {
  if (result !== undefined && Predicate.isPromiseLike(result))
    result.then(undefined, (error) => onFailure(operation, error))
}

const NO_TRACE_ID = "0".repeat(32)
const NO_SPAN_ID = "0".repeat(16)
const NO_ATTRIBUTES: Tracer.Span["attributes"] = new Map()
const NO_LINKS: Tracer.Span["links"] = []
const NO_STATUS: Tracer.Span["status"] = { _tag: "Started", startTime: 0n }

const setAttribute = (span: Tracer.Span, key: string, value: unknown, onFailure: OnFailure): void => {
  try {
    settle(span.attribute(key, value), "attribute", onFailure)
  } catch (error) {
    onFailure("attribute", error)
  }
}

const endSpan = (span: Tracer.Span, endTime: bigint, exit: Exit.Exit<unknown, unknown>, onFailure: OnFailure): void => {
  try {
    settle(span.end(endTime, exit), "end", onFailure)
  } catch (error) {
    onFailure("end", error)
  }
}

/** A span that never throws, and that ends the span inside once. */
class SafeSpan implements Tracer.Span {
  readonly inner: Tracer.Span
  readonly onFailure: OnFailure
  isEnded = false

  constructor(inner: Tracer.Span, onFailure: OnFailure) {
    this.inner = inner
    this.onFailure = onFailure
  }

  get _tag() {
    return "Span" as const
  }
  get name() {
    return this.read("name", Predicate.isString, "")
  }
  get kind() {
    return this.read("kind", Predicate.isString, "internal")
  }
  get traceId() {
    return this.read("traceId", Predicate.isString, NO_TRACE_ID)
  }
  get spanId() {
    return this.read("spanId", Predicate.isString, NO_SPAN_ID)
  }
  get sampled() {
    return this.read("sampled", Predicate.isBoolean, false)
  }
  get parent() {
    return this.read("parent", Option.isOption, Option.none())
  }
  get annotations() {
    return this.read("annotations", Context.isContext, Context.empty())
  }
  get attributes() {
    return this.read("attributes", Predicate.isObjectKeyword, NO_ATTRIBUTES)
  }
  get links() {
    return this.read("links", Predicate.isObjectKeyword, NO_LINKS)
  }
  get status() {
    return this.read("status", Predicate.isObjectKeyword, NO_STATUS)
  }

  end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    if (this.isEnded) return
    this.isEnded = true
    endSpan(this.inner, endTime, exit, this.onFailure)
  }
  attribute(key: string, value: unknown): void {
    setAttribute(this.inner, key, value, this.onFailure)
  }
  event(name: string, startTime: bigint, attributes?: Record<string, unknown>): void {
    try {
      settle(this.inner.event(name, startTime, attributes), "event", this.onFailure)
    } catch (error) {
      this.onFailure("event", error)
    }
  }
  addLinks(links: ReadonlyArray<Tracer.SpanLink>): void {
    try {
      settle(this.inner.addLinks(links), "links", this.onFailure)
    } catch (error) {
      this.onFailure("links", error)
    }
  }

  /** Effect reads a span's context and its parent, and dies where they are something else. */
  private read<K extends keyof Tracer.Span>(
    key: K,
    isRight: (value: unknown) => boolean,
    otherwise: Tracer.Span[K]
  ): Tracer.Span[K] {
    try {
      const value = this.inner[key]
      if (isRight(value)) return value
      throw new TypeError(`The span has no ${key}`)
    } catch (error) {
      this.onFailure("read", error)
      return otherwise
    }
  }
}

const isSpan = (input: unknown): input is Tracer.Span => Predicate.hasProperty(input, "_tag") && input._tag === "Span"

/**
 * Shows everything else that the span inside has. Adapters look for it: OpenTelemetry's makes its own span the active one,
 * so that other instrumentation finds it.
 */
const TRANSPARENT: ProxyHandler<SafeSpan> = {
  get: (safe, key) => {
    if (!(key in SafeSpan.prototype)) return Reflect.get(safe.inner, key)
    const member = Reflect.get(safe, key)
    return typeof member === "function" ? member.bind(safe) : member
  },
  set: ({ inner }, key, value) => Reflect.set(inner, key, value),
  has: ({ inner }, key) => key in inner,
  getPrototypeOf: ({ inner }) => Reflect.getPrototypeOf(inner)
}

/** One step of a fiber. It runs once, though the tracer may run it never or twice. */
class Step<X> implements Tracer.EffectPrimitive<X> {
  private readonly primitive: Tracer.EffectPrimitive<X>
  private outcome: { readonly value: X } | { readonly thrown: unknown } | undefined = undefined

  constructor(primitive: Tracer.EffectPrimitive<X>) {
    this.primitive = primitive
  }

  gave(value: X): boolean {
    return this.outcome !== undefined && "value" in this.outcome && this.outcome.value === value
  }

  hasThrown(error: unknown): boolean {
    return this.outcome !== undefined && "thrown" in this.outcome && this.outcome.thrown === error
  }

  ["~effect/Effect/evaluate"](fiber: AnyFiber): X {
    this.outcome ??= this.run(fiber)
    if ("thrown" in this.outcome) throw this.outcome.thrown
    return this.outcome.value
  }

  private run(fiber: AnyFiber): { readonly value: X } | { readonly thrown: unknown } {
    try {
      return { value: this.primitive["~effect/Effect/evaluate"](fiber) }
    } catch (thrown) {
      return { thrown }
    }
  }
}

/**
 * A tracer whose failures are counted and go no further. A span that cannot be started is left out of the trace, and its
 * parent is continued instead.
 *
 * @since 0.1.0
 * @category models
 */
export class SafeTracer implements Tracer.Tracer {
  readonly context: Tracer.Tracer["context"]
  private readonly tracer: Tracer.Tracer
  private readonly onFailure: OnFailure

  /** Failures are counted and logged by what is in `surroundings`. */
  constructor(tracer: Tracer.Tracer, surroundings: Context.Context<never>) {
    this.tracer = tracer
    this.onFailure = (operation, error) => failed(surroundings, operation, error)
    const { context } = tracer
    this.context = context && ((primitive, fiber) => this.step(context, primitive, fiber))
  }

  span(options: SpanOptions): Tracer.Span {
    const span = this.start(options)
    if (span === undefined) return new AbsentSpan(options)
    const safeSpan = new SafeSpan(span, this.onFailure)
    // Effect's own spans have nothing else to show, and a proxy costs a microsecond over a span's life.
    return span instanceof Tracer.NativeSpan ? safeSpan : new Proxy(safeSpan, TRANSPARENT)
  }

  /** Starts and ends a span for something that is over. Only the tracer sees it, so it costs less. */
  record(
    options: SpanOptions,
    attributes: ReadonlyArray<Readonly<Record<string, unknown>> | undefined>,
    endTime: bigint,
    exit: Exit.Exit<unknown, unknown>
  ): void {
    const span = this.start(options)
    if (span === undefined) return
    for (const some of attributes) {
      for (const key in some) setAttribute(span, key, some[key], this.onFailure)
    }
    endSpan(span, endTime, exit, this.onFailure)
  }

  private start(options: SpanOptions): Tracer.Span | undefined {
    try {
      const span: unknown = this.tracer.span(options)
      settle(span, "start", this.onFailure)
      if (!isSpan(span)) throw new TypeError("The tracer gave something that is not a span")
      return span
    } catch (error) {
      this.onFailure("start", error)
      return undefined
    }
  }

  private step<X>(
    context: NonNullable<Tracer.Tracer["context"]>,
    primitive: Tracer.EffectPrimitive<X>,
    fiber: AnyFiber
  ): X {
    // Without a span there is nothing to run the step in.
    if (fiber.cache.span === undefined) return primitive["~effect/Effect/evaluate"](fiber)
    const step = new Step(primitive)
    try {
      // A fiber that is given something else than what its step gave ends at once, whatever is left to be done.
      if (step.gave(context(step, fiber))) return step["~effect/Effect/evaluate"](fiber)
      this.onFailure("context", new TypeError("The tracer did not run a fiber's step, or hid what came of it"))
    } catch (error) {
      if (!step.hasThrown(error)) this.onFailure("context", error)
    }
    return step["~effect/Effect/evaluate"](fiber)
  }
}

const safe = (tracer: Tracer.Tracer | undefined, surroundings: Context.Context<never>): SafeTracer | undefined => {
  if (tracer instanceof SafeTracer) return tracer
  return tracer === undefined || tracer === Tracer.nativeTracer ? undefined : new SafeTracer(tracer, surroundings)
}

/**
 * The tracer of a fiber, made safe. There is none where nobody would hear of its spans.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (fiber: AnyFiber): SafeTracer | undefined => safe(fiber.cache.tracer, fiber.context)

/**
 * The context with its tracer made safe, for all that runs in it.
 *
 * @since 0.1.0
 * @category combinators
 */
export const provide = <R>(context: Context.Context<R>): Context.Context<R> => {
  const tracer = safe(Context.get(context, Tracer.Tracer), context)
  return tracer === undefined ? context : Context.add(context, Tracer.Tracer, tracer)
}
