/** One program under two samplers: how much of the same fan-out is traced is a matter of the Layer alone. */
import { Console, Effect, Layer } from "effect"
import { MemberStore, Offload, Sampler, TraceStore } from "../src/index.ts"
import * as Salon from "./support/salon.ts"

const program = Effect.gen(function* () {
  const say = yield* Salon.make(400)
  yield* Effect.withSpan(say("Hello, all 400"), "example")
  const store = yield* TraceStore.TraceStore
  const [trace = ""] = yield* store.traceIds
  const spans = yield* store.spans(trace)
  return spans.find(({ name }) => name === "relay.fanout")?.attributes ?? {}
}).pipe(Effect.scoped)

const samplers = { always: Sampler.always, "by fan-out size": Sampler.byFanOutSize() }

const run = ([name, sampler]: [name: string, sampler: Layer.Layer<Sampler.Sampler>]) => {
  const strategies = Layer.mergeAll(sampler, MemberStore.heap, Offload.inline)
  return program.pipe(
    Effect.flatMap((fanOut) =>
      Console.log(`${name}: ${fanOut["fanout.sampled"]} of ${fanOut["fanout.recipients"]} sessions kept the trace`)
    ),
    Effect.provide(Layer.provideMerge(strategies, TraceStore.ring()))
  )
}

Effect.runPromise(Effect.forEach(Object.entries(samplers), run, { discard: true }))
