/**
 * The requests of an actor that are answered later: those that still wait, and those that are ready to be gone on with.
 *
 * @since 0.1.0
 */
import { Deferred, Effect } from "effect"
import type { Protocol, Request } from "../../domain/Actor.ts"
import type { Later } from "./Later.ts"

interface Parked<P extends Protocol<P>, E> {
  readonly request: Request<P>
  readonly later: Pick<Later<unknown, unknown>, "dropped" | "handled" | "waiting">
  readonly resume: Effect.Effect<void, E>
}

/**
 * `wake` is called when a request becomes ready and its actor may be asleep.
 *
 * @since 0.1.0
 * @category models
 */
export class Parking<P extends Protocol<P>, E> {
  private readonly all = new Set<Parked<P, E>>()
  private readonly ready: Array<Parked<P, E>> = []
  private readonly wake: () => void
  private onReady: Deferred.Deferred<void> | undefined

  constructor(wake: () => void) {
    this.wake = wake
  }

  /** Whether there is something to go on with. */
  get isReady(): boolean {
    return this.ready.length > 0
  }

  /** `resume` goes on with the request, and answers it or parks it again. */
  park(request: Request<P>, later: Parked<P, E>["later"], resume: Effect.Effect<void, E>): void {
    const parked = { request, later, resume }
    const { call } = request
    // As long as nothing has happened, its caller can take it back.
    if (call !== undefined && later.handled === "no") call.phase = "waiting"
    this.all.add(parked)
    later.waiting.addObserver(() => {
      if (!this.all.has(parked)) return
      this.ready.push(parked)
      if (this.onReady !== undefined) Deferred.doneUnsafe(this.onReady, Effect.void)
      this.onReady = undefined
      this.wake()
    })
  }

  /** Goes on with the request that has been ready longest. */
  readonly resume: Effect.Effect<void, E> = Effect.suspend(() => this.next())

  /** Goes on until nothing waits any more. */
  readonly finish: Effect.Effect<void, E> = Effect.suspend(() =>
    Effect.whileLoop({
      while: () => this.all.size > 0,
      body: () => (this.isReady ? this.next() : this.nextReady()),
      step: () => {}
    })
  )

  /** Goes on with none of those that wait: all, or only those that have had no effect. */
  drop(handled: "all" | "no", abandoned: (request: Request<P>, handled: "no" | "maybe") => void): void {
    for (const parked of Array.from(this.all)) {
      const { later, request } = parked
      if (handled === "no" && later.handled === "maybe") continue
      this.all.delete(parked)
      later.waiting.interruptUnsafe()
      later.dropped()
      abandoned(request, later.handled)
    }
  }

  private next(): Effect.Effect<void, E> {
    const parked = this.ready.shift()
    if (parked === undefined || !this.all.delete(parked)) return Effect.void
    const { later, request, resume } = parked
    if (request.call?.phase === "withdrawn") {
      later.dropped()
      return Effect.void
    }
    if (request.call !== undefined) request.call.phase = "handling"
    return resume
  }

  private nextReady(): Effect.Effect<void> {
    this.onReady ??= Deferred.makeUnsafe()
    return Deferred.await(this.onReady)
  }
}
