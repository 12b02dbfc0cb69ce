/** Tracers that fail, each in its own way, at whatever they are asked to do. */
import { type Context, type Exit, Tracer } from "effect"

const broken = (): never => {
  throw new Error("the tracer is broken")
}

type Options = Parameters<Tracer.Tracer["span"]>[0]

class Span extends Tracer.NativeSpan {
  ends = 0
  override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
    this.ends++
    super.end(endTime, exit)
  }
}

/** A tracer, and how often each of its spans was ended, in the order in which they were started. */
export interface Failing {
  readonly tracer: Tracer.Tracer
  readonly givesSpans: boolean
  readonly ends: () => ReadonlyArray<number>
}

const failing = (make: new (options: Options) => Span, context?: Tracer.Tracer["context"]): Failing => {
  const spans: Array<Span> = []
  return {
    tracer: Tracer.make({
      span: (options) => {
        const span = new make(options)
        spans.push(span)
        return span
      },
      context
    }),
    givesSpans: true,
    ends: () => spans.map(({ ends }) => ends)
  }
}

/** One that no type checker has seen. */
const notASpan = (make: () => unknown): Failing => ({
  tracer: Tracer.make({ span: () => new Map().set("span", make()).get("span") }),
  givesSpans: false,
  ends: () => []
})

/** By what it fails at. None of these may be noticed by whoever sends a message, or gets it. */
export const failingTracers: Readonly<Record<string, () => Failing>> = {
  "the start of a span": () => notASpan(broken),
  "giving a span at all": () => notASpan(() => undefined),
  "giving a span, and not a promise of one": () => notASpan(() => Promise.reject(new Error("the tracer is broken"))),
  "giving a span that has anything": () => notASpan(() => ({ _tag: "Span" })),
  "giving a span that has more than nulls": () =>
    notASpan(() => ({ _tag: "Span", traceId: null, spanId: null, sampled: null, status: null, annotations: null })),
  "the end of a span, before it has ended": () =>
    failing(
      class extends Span {
        override end(): void {
          this.ends++
          broken()
        }
      }
    ),
  "the end of a span, after it has ended": () =>
    failing(
      class extends Span {
        override end(endTime: bigint, exit: Exit.Exit<unknown, unknown>): void {
          super.end(endTime, exit)
          broken()
        }
      }
    ),
  "the end of a span, later": () =>
    failing(
      class extends Span {
        override async end(): Promise<void> {
          this.ends++
          await Promise.resolve()
          broken()
        }
      }
    ),
  attributes: () =>
    failing(
      class extends Span {
        override attribute(): void {
          broken()
        }
      }
    ),
  events: () =>
    failing(
      class extends Span {
        override event(): void {
          broken()
        }
      }
    ),
  links: () =>
    failing(
      class extends Span {
        override addLinks(): void {
          broken()
        }
      }
    ),
  "saying whether a span is sampled": () =>
    failing(
      class extends Span {
        constructor(options: Options) {
          super(options)
          Object.defineProperty(this, "sampled", { get: broken })
        }
      }
    ),
  "saying a span's id": () =>
    failing(
      class extends Span {
        override get spanId(): string {
          return broken()
        }
      }
    ),
  "saying a trace's id": () =>
    failing(
      class extends Span {
        override get traceId(): string {
          return broken()
        }
      }
    ),
  "saying how a span stands": () =>
    failing(
      class extends Span {
        constructor(options: Options) {
          super(options)
          Object.defineProperty(this, "status", { get: broken, set: () => {} })
        }
      }
    ),
  "saying what a span is annotated with": () =>
    failing(
      class extends Span {
        constructor(options: Options) {
          super(options)
          Object.defineProperty(this, "annotations", { get: (): Context.Context<never> => broken() })
        }
      }
    ),
  "giving what a span is annotated with": () =>
    failing(
      class extends Span {
        constructor(options: Options) {
          super(options)
          Object.defineProperty(this, "annotations", { get: () => ({}) })
        }
      }
    ),
  "giving what a fiber's step gave": () =>
    failing(Span, (primitive, fiber) => {
      const next = primitive["~effect/Effect/evaluate"](fiber)
      return fiber.cache.span === undefined ? next : new Map().get("nothing")
    }),
  "running a fiber within a span, before it does": () =>
    failing(Span, (primitive, fiber) =>
      fiber.cache.span === undefined ? primitive["~effect/Effect/evaluate"](fiber) : broken()
    ),
  "running a fiber within a span, after it has": () =>
    failing(Span, (primitive, fiber) => {
      const next = primitive["~effect/Effect/evaluate"](fiber)
      return fiber.cache.span === undefined ? next : broken()
    })
}
