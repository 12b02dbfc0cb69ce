/**
 * Whether the guilds answer: asked by load balancers, by monitors, and by whoever likes.
 *
 * @since 0.1.0
 */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServerResponse } from "effect/http"
import * as Monotonic from "../../domain/Monotonic.ts"
import { Guilds } from "../Guilds.ts"
import * as Transport from "../Transport.ts"

/** Milliseconds for which an answer holds. Each takes a place in every guild's mailbox, and anybody may ask. */
const FRESH = 1_000

/** Has an effect run at most once in so many milliseconds; in between its last result holds, and whoever comes shares it. */
const atMostEvery = <A, E, R>(millis: number, effect: Effect.Effect<A, E, R>) =>
  // Effect's own time to live goes by the wall clock, which may be set back by an hour.
  Effect.map(Effect.cachedInvalidateWithTTL(effect, Infinity), ([last, forget]) => {
    let until = Number.NEGATIVE_INFINITY
    return Effect.flatMap(Monotonic.now, (now) => {
      if (now < until) return last
      until = now + millis
      return Effect.andThen(forget, last)
    })
  })

const status = Effect.gen(function* () {
  const { all } = yield* Guilds
  const guilds = yield* Effect.forEach(all, (guild) =>
    Effect.map(Transport.call(guild, "Status", undefined, { timeout: "2 seconds" }), (status) => ({
      id: guild.id,
      ...status
    }))
  )
  return HttpServerResponse.jsonUnsafe({ status: "ok", guilds })
}).pipe(
  Effect.catch((error) =>
    Effect.succeed(HttpServerResponse.jsonUnsafe({ status: "unavailable", reason: error.message }, { status: 503 }))
  )
)

/**
 * `/healthz`: 200 as soon as every guild answers, and for as long as they do.
 *
 * @since 0.1.0
 * @category routes
 */
export const route = Layer.unwrap(
  Effect.map(atMostEvery(FRESH, status), (health) => HttpRouter.add("GET", "/healthz", health))
)
