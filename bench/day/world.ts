/** Guilds and their clients under an offload, wherever that has sessions live. */
import { Deferred, Effect, Layer, Schema, type Scope } from "effect"
import { randomUUID } from "node:crypto"
import { Guild, Guilds, MemberStore, Offload, Sampler } from "../../src/index.ts"
import { workers } from "../../src/layers/Offload/workers.ts"
import { arrivedAt, AT_ONCE, GUILDS_THREAD, nameOf } from "./arrivals.ts"
import * as clients from "./clients.ts"
import * as ingress from "./ingress.ts"
import { Instruments, type InstrumentsShared } from "./Instruments.ts"
import { Meters } from "./meters.ts"
import { Tally, type Shared } from "./Tally.ts"
import { type Answer, answersOn, FromWorker, ordersOn, type Order, type ToWorker, type WorkerData } from "./talk.ts"

export const OFFLOADS = ["inline", "senders", "workers"] as const
export type OffloadName = (typeof OFFLOADS)[number]

export interface World {
  readonly guilds: ReadonlyArray<Guild.Guild>
  readonly threads: number
  /** Has a thread's clients do something, and waits until it is done. */
  readonly perform: (thread: number, orders: ReadonlyArray<Order>) => Effect.Effect<ReadonlyArray<Answer>>
  /** Ends a thread, where clients do not live in this one, and waits for the one that takes its place. */
  readonly kill: ((thread: number) => Effect.Effect<void>) | undefined
  /** Where others come in, if they may. */
  readonly ports: { readonly http: number; readonly grpc: number } | undefined
}

export interface Options {
  readonly guilds: ReadonlyArray<Guild.Options>
  readonly store: Layer.Layer<MemberStore.MemberStore>
  readonly shared: Shared
  readonly instruments: InstrumentsShared
  /** Of the mailboxes of those who stop reading. */
  readonly capacity: number
  readonly relayCapacity: number
  readonly summaryMillis: number
  /** Whether others may come in, who are members of a guild of their own. */
  readonly isOpen: boolean
}

const guildsOf = ({ guilds, isOpen }: Options) => (isOpen ? [...guilds, ingress.guild()] : guilds)

const here = Effect.fnUntraced(function* (options: Options, offload: Layer.Layer<Offload.Offload>) {
  const layer = Guilds.layer(guildsOf(options)).pipe(Layer.provide([Sampler.byFanOutSize(), options.store, offload]))
  const context = yield* Layer.build(layer)
  const { all } = yield* Effect.provideContext(Guilds.Guilds, context)
  const instruments = new Instruments(options.instruments)
  const perform = yield* Effect.provideContext(
    clients.make({
      tally: new Tally(options.shared),
      capacity: options.capacity,
      arrived: arrivedAt(instruments),
      meters: yield* Meters.make(instruments, GUILDS_THREAD)
    }),
    context
  )
  const world: World = {
    guilds: all,
    threads: 1,
    perform: (_, orders) => Effect.forEach(orders, perform, { concurrency: AT_ONCE }),
    kill: undefined,
    ports: options.isOpen ? yield* Effect.provideContext(ingress.ports, context) : undefined
  }
  return world
})

const decode = Schema.decodeUnknownSync(FromWorker)

const DIED: Answer = { error: "WorkerDied", handled: "maybe" }

const open = (channel: string) =>
  Effect.acquireRelease(
    Effect.sync(() => new BroadcastChannel(channel)),
    (talk) => Effect.sync(() => talk.close())
  )

const elsewhere = Effect.fnUntraced(function* (options: Options, count: number) {
  const { capacity, instruments, relayCapacity, shared, summaryMillis } = options
  const channel = randomUUID()
  const talk = yield* open(ordersOn(channel))
  const answers = yield* open(answersOn(channel))
  const ready = Array.from({ length: count }, () => Deferred.makeUnsafe<void>())
  const waiting = new Map<
    number,
    { readonly thread: number; readonly orders: number; readonly done: Deferred.Deferred<ReadonlyArray<Answer>> }
  >()
  let number = 0
  answers.onmessage = (event) => {
    const heard = decode(event.data)
    if (heard.is === "answer") {
      const one = waiting.get(heard.number)
      waiting.delete(heard.number)
      if (one !== undefined) Deferred.doneUnsafe(one.done, Effect.succeed(heard.answers))
      return
    }
    for (const [thread, deferred] of ready.entries()) {
      if (heard.from === nameOf(thread)) Deferred.doneUnsafe(deferred, Effect.void)
    }
  }
  const settings = options.isOpen ? yield* ingress.shared(count, channel) : undefined
  const data: WorkerData = { channel, shared, instruments, capacity, relayCapacity, summaryMillis, settings }
  const offload = workers({ url: new URL("./worker.ts", import.meta.url), count, data })
  const layer = Guilds.layer(guildsOf(options)).pipe(Layer.provide([Sampler.byFanOutSize(), options.store, offload]))
  const context = yield* Layer.build(layer)
  const { all } = yield* Effect.provideContext(Guilds.Guilds, context)
  const isReady = (thread: number) => {
    const deferred = ready[thread]
    return deferred === undefined ? Effect.never : Deferred.await(deferred)
  }
  const perform = (thread: number, orders: ReadonlyArray<Order>): Effect.Effect<ReadonlyArray<Answer>> =>
    Effect.andThen(
      isReady(thread),
      Effect.suspend(() => {
        const done = Deferred.makeUnsafe<ReadonlyArray<Answer>>()
        waiting.set(number, { thread, orders: orders.length, done })
        const message: ToWorker = { to: nameOf(thread), number, orders }
        number++
        talk.postMessage(message)
        return Deferred.await(done)
      })
    )
  const world: World = {
    guilds: all,
    threads: count,
    perform,
    kill: (thread) =>
      Effect.gen(function* () {
        yield* isReady(thread)
        const successor = Deferred.makeUnsafe<void>()
        ready[thread] = successor
        const message: ToWorker = { to: nameOf(thread), number: number++, orders: [{ do: "die" }] }
        talk.postMessage(message)
        yield* Deferred.await(successor)
        // Those who wait for the one that died wait for nothing.
        for (const [key, one] of waiting) {
          if (one.thread !== thread) continue
          waiting.delete(key)
          Deferred.doneUnsafe(one.done, Effect.succeed(Array.from({ length: one.orders }, () => DIED)))
        }
      }),
    ports:
      settings === undefined
        ? undefined
        : { http: settings.port, grpc: yield* Effect.provideContext(ingress.grpcPort, context) }
  }
  yield* Effect.forEach(
    Array.from({ length: count }, (_, thread) => thread),
    isReady,
    { discard: true }
  )
  return world
})

export const make = (name: OffloadName, options: Options): Effect.Effect<World, never, Scope.Scope> => {
  switch (name) {
    case "inline":
      return here(options, Offload.inline)
    case "senders":
      return here(options, Offload.senders())
    case "workers":
      return elsewhere(options, 2)
  }
}
