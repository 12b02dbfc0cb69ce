/** Hostile clients beside the day, in a process of their own: two kinds of them at a time, then two others. */
import { Effect, Schema, type Scope } from "effect"
import { fork } from "node:child_process"
import { below } from "../../test/support/random.ts"
import { KINDS } from "../hostile/kinds.ts"
import { type Order, Stopped } from "../hostile/orders.ts"
import * as ingress from "./ingress.ts"
import type { World } from "./world.ts"

/** How long two kinds are at it. */
const TOGETHER = "5 seconds"

export interface Hostile {
  /** They come, and go when this is interrupted. */
  readonly come: Effect.Effect<never>
  /** What they have done that the server let them do: connections opened, requests answered. */
  readonly deeds: () => number
}

const decode = Schema.decodeUnknownSync(Stopped)

export const make = Effect.fnUntraced(function* (
  { grpc: grpcPort, http: port }: NonNullable<World["ports"]>,
  random: () => number
): Effect.fn.Return<Hostile, never, Scope.Scope> {
  const { host, tokens } = ingress
  const target = { host, port, grpcPort, tokens, ...ingress.place() }
  const crowd = yield* Effect.acquireRelease(
    Effect.sync(() => fork(new URL("../hostile/crowd.ts", import.meta.url))),
    (crowd) => Effect.sync(() => crowd.kill())
  )
  const tell = (order: Order) => Effect.sync(() => crowd.send(order))
  let deeds = 0
  const stop = Effect.callback<void>((resume) => {
    crowd.once("message", (message) => {
      deeds += decode(message).deeds
      resume(Effect.void)
    })
    crowd.send({ do: "stop" } satisfies Order)
  })
  const two = Effect.suspend(() => {
    const first = below(random, KINDS.length)
    const second = (first + 1 + below(random, KINDS.length - 1)) % KINDS.length
    const kinds = KINDS.filter((_, nth) => nth === first || nth === second)
    return Effect.acquireUseRelease(
      tell({ do: "attack", kinds, target }),
      () => Effect.sleep(TOGETHER),
      () => stop
    )
  })
  return { come: Effect.forever(two), deeds: () => deeds }
})
