/**
 * A route of the REST API: it knows who calls, and refuses whoever calls too often.
 *
 * @see https://discord.com/developers/docs/topics/rate-limits
 * @since 0.1.0
 */
import { Context, Effect, identity, Option } from "effect"
import { HttpRouter, HttpServerRequest, HttpServerResponse, type HttpMethod } from "effect/http"
import * as Address from "../../domain/Address.ts"
import * as Rates from "../../domain/gateway/Rates.ts"
import type { UserId } from "../../domain/Ids.ts"
import * as Monotonic from "../../domain/Monotonic.ts"
import type { User } from "../../domain/User.ts"
import * as Caller from "../ingress/caller.ts"
import { admitted } from "../ingress/limited.ts"
import * as Rest from "../Rest.ts"

/**
 * The user whose token the request bears.
 *
 * @since 0.1.0
 * @category requests
 */
export class CallingUser extends Context.Service<CallingUser, User>()("fanfare/programs/rest/CallingUser") {}

/**
 * Where a request comes from.
 *
 * @since 0.1.0
 * @category requests
 */
export const addressOf = ({ headers, remoteAddress }: HttpServerRequest.HttpServerRequest): string =>
  Address.client(Option.getOrUndefined(remoteAddress), headers["x-forwarded-for"])

/** How a bucket stands, as clients read it to know when to go on. */
const levelled = (bucket: string, level: Rates.Counted, wall: number) => ({
  "x-ratelimit-bucket": bucket,
  "x-ratelimit-limit": String(level.most),
  "x-ratelimit-remaining": String(level.remaining),
  "x-ratelimit-reset": ((wall + level.resetAfter) / 1_000).toFixed(3),
  "x-ratelimit-reset-after": (level.resetAfter / 1_000).toFixed(3)
})

/** Which of a user's buckets a request takes from, beside that for all requests. */
type Counted = (rates: Rates.Rates, user: UserId, about: string, now: number) => Rates.Counted | undefined

const make = <R>(
  method: HttpMethod.HttpMethod,
  path: `/${string}`,
  bucket: string,
  counted: Counted,
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>
) => {
  const asked = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const user = yield* Caller.caller(request.headers.authorization, addressOf(request))
    const rates = yield* Rates.Reference
    const now = yield* Monotonic.now
    yield* admitted(rates.request(user.id, now))
    const { channel_id, guild_id } = yield* HttpRouter.params
    const level = counted(rates, user.id, channel_id ?? guild_id ?? "", now)
    const handled = Effect.provideService(handler, CallingUser, user)
    if (level === undefined) return yield* handled
    const wall = yield* Effect.clockWith((clock) => clock.currentTimeMillis)
    // Who is refused is told how the bucket stands, too.
    const response = yield* Rest.respondWith(Effect.andThen(admitted(level), handled), identity)
    return HttpServerResponse.setHeaders(response, levelled(bucket, level, wall))
  })
  return HttpRouter.route(method, path, Rest.respondWith(asked, identity))
}

/** Clients need not know what is in it, only which routes have the same. */
const bucketOf = (method: string, path: string): string =>
  `${method}-${path.replace(/^\/api\/v\d+\//, "").replace(/[/:]+/g, "-")}`.toLowerCase()

/**
 * What a user asks of it about one guild, or one channel, counts together.
 *
 * @since 0.1.0
 * @category routes
 */
export const route = <R>(
  method: HttpMethod.HttpMethod,
  path: `/${string}`,
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>
) => {
  const bucket = bucketOf(method, path)
  return make(method, path, bucket, (rates, user, about, now) => rates.routed(user, bucket, about, now), handler)
}

/**
 * A route that is not Discord's: what a user asks of it counts among all that they ask for, and no more.
 *
 * @since 0.1.0
 * @category routes
 */
export const ownRoute = <R>(
  method: HttpMethod.HttpMethod,
  path: `/${string}`,
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>
) => make(method, path, "", () => undefined, handler)

/**
 * The route by which users write to a channel, which count with what they write there by other ways.
 *
 * @since 0.1.0
 * @category routes
 */
export const messageRoute = <R>(
  path: `/${string}`,
  handler: Effect.Effect<HttpServerResponse.HttpServerResponse, never, R>
) => make("POST", path, "messages", (rates, user, channel, now) => rates.message(user, channel, now), handler)
