/**
 * What it costs to learn that a request is not sampled: one character read (`TraceCarrier.isSampled`), beside the plain
 * way to read it, this library's whole decoder, and OpenTelemetry's propagator.
 */
import { defaultTextMapGetter, ROOT_CONTEXT } from "@opentelemetry/api"
import { W3CTraceContextPropagator } from "@opentelemetry/core"
import { TraceCarrier } from "../src/index.ts"
import { median, permutations, quick, report } from "./support/report.ts"

const ROUNDS = quick ? 3 : 30
/** Calls in a round: about as long for each subject. */
const CALLS = quick ? 20_000 : 400_000
const PEEKS = CALLS * 50

const hex = (length: number) => Array.from({ length }, () => Math.floor(Math.random() * 16).toString(16)).join("")
/** Different headers, most of them not sampled, as a server sees them. */
const headers = Array.from({ length: 1024 }, (_, index) => ({
  traceparent: `00-${hex(32)}-${hex(16)}-${index % 100 === 0 ? "01" : "00"}`
}))
const bytes = headers.map(({ traceparent }) => new TextEncoder().encode(traceparent))
const propagator = new W3CTraceContextPropagator()

/**
 * Calls in turn over all inputs; what they give is added up, so that nobody leaves the calls out. Each subject has its
 * loop to itself: one for all would call a function that it does not know beforehand, at the price of a peek.
 */
const subjects: Record<string, { readonly calls: number; readonly run: (calls: number) => number }> = {
  peek: {
    calls: PEEKS,
    run: (calls) => {
      let sampled = 0
      for (let done = 0; done < calls; done += headers.length) {
        for (const { traceparent } of headers) if (TraceCarrier.isSampled(traceparent)) sampled++
      }
      return sampled
    }
  },
  peek_bytes: {
    calls: PEEKS,
    run: (calls) => {
      let sampled = 0
      for (let done = 0; done < calls; done += bytes.length) {
        for (const traceparent of bytes) if (TraceCarrier.isSampled(traceparent)) sampled++
      }
      return sampled
    }
  },
  peek_headers: {
    calls: PEEKS,
    run: (calls) => {
      let sampled = 0
      for (let done = 0; done < calls; done += headers.length) {
        for (const header of headers) if (TraceCarrier.isSampledIn(header)) sampled++
      }
      return sampled
    }
  },
  plain: {
    calls: PEEKS,
    run: (calls) => {
      let sampled = 0
      for (let done = 0; done < calls; done += headers.length) {
        for (const { traceparent } of headers) if ((Number.parseInt(traceparent.slice(53, 55), 16) & 1) === 1) sampled++
      }
      return sampled
    }
  },
  decode: {
    calls: CALLS,
    run: (calls) => {
      let sampled = 0
      for (let done = 0; done < calls; done += headers.length) {
        for (const header of headers) if (TraceCarrier.decode(header).context?.flags === 1) sampled++
      }
      return sampled
    }
  },
  otel_extract: {
    calls: CALLS,
    run: (calls) => {
      let extracted = 0
      for (let done = 0; done < calls; done += headers.length) {
        for (const header of headers) {
          if (propagator.extract(ROOT_CONTEXT, header, defaultTextMapGetter) !== ROOT_CONTEXT) extracted++
        }
      }
      return extracted
    }
  }
}

const took: Record<string, Array<number>> = {}
let added = 0
const orders = permutations(Object.keys(subjects))
for (let round = -2; round < ROUNDS; round++) {
  for (const name of orders[((round + 2) * 31) % orders.length] ?? []) {
    const subject = subjects[name]
    if (subject === undefined) continue
    const start = performance.now()
    added += subject.run(subject.calls)
    const nanos = ((performance.now() - start) * 1e6) / subject.calls
    if (round >= 0) (took[name] ??= []).push(nanos)
  }
}

/** Bytes on the heap per call: none, if nothing is allocated. The smallest of several, since others allocate too. */
const allocated = (run: (calls: number) => number, calls: number) => {
  const measured = Array.from({ length: 5 }, () => {
    const before = process.memoryUsage().heapUsed
    added += run(calls)
    return (process.memoryUsage().heapUsed - before) / calls
  })
  return Math.max(0, Math.min(...measured.map(Math.abs)))
}

// Some headers are sampled. Besides, what is looked at cannot have been left out.
if (added === 0) throw new Error("nobody has found a sampled header")

const of = (name: string) => median(took[name] ?? [])
const peek = subjects.peek
report("carrier", {
  peek_ns: of("peek"),
  peek_bytes_ns: of("peek_bytes"),
  peek_headers_ns: of("peek_headers"),
  plain_ns: of("plain"),
  decode_ns: of("decode"),
  otel_extract_ns: of("otel_extract"),
  ratio: of("otel_extract") / of("peek"),
  peek_allocated_bytes: peek === undefined ? Number.NaN : Math.round(allocated(peek.run, peek.calls) * 100) / 100
})
