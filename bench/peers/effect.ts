/**
 * What Effect's own `Queue` and `PubSub` need to hand one message to many fibers, one for each recipient, as one would
 * write it. In a process of its own: its garbage is its own affair. Told what to do by its parent, `queue` or `topic`;
 * answers with the microseconds until the last has had the message.
 */
import { Effect, PubSub, Queue } from "effect"
import { counter } from "../support/crowd.ts"

const size = Number(process.argv[2])

const { arrive, expect } = counter()

const program = Effect.gen(function* () {
  const queues = yield* Effect.forEach(Array.from({ length: size }), () => Queue.unbounded<string>())
  for (const queue of queues) yield* Effect.forkScoped(Effect.forever(Effect.map(Queue.take(queue), arrive)))
  const topic = yield* PubSub.unbounded<string>()
  for (let index = 0; index < size; index++) {
    const subscription = yield* PubSub.subscribe(topic)
    yield* Effect.forkScoped(Effect.forever(Effect.map(PubSub.take(subscription), arrive)))
  }
  yield* Effect.sleep("100 millis")
  const ways: Record<string, Effect.Effect<unknown>> = {
    queue: Effect.sync(() => {
      for (const queue of queues) Queue.offerUnsafe(queue, "hello")
    }),
    topic: PubSub.publish(topic, "hello")
  }
  const asked = yield* Queue.unbounded<string>()
  process.on("message", (what) => void Queue.offerUnsafe(asked, String(what)))
  process.send?.(0)
  while (true) {
    const way = ways[yield* Queue.take(asked)] ?? Effect.die("asked for something else")
    const everyone = expect(size)
    const start = performance.now()
    yield* way
    yield* everyone
    process.send?.((performance.now() - start) * 1000)
  }
})

await Effect.runPromise(Effect.scoped(program))
