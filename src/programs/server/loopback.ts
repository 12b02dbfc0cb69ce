/**
 * Who may talk to a server whose tokens everybody knows: whoever is on this machine, and no page of elsewhere that a browser on
 * it shows.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import { HttpRouter, HttpServerRequest } from "effect/http"
import { isLoopback } from "../../domain/Address.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import * as Rest from "../Rest.ts"

/** A name without its port. */
const nameOf = (authority: string): string => authority.replace(/:\d+$/, "").toLowerCase()

/** What a browser says of the page that asks; `null` is a page that has no origin. */
const isOwn = (origin: string): boolean => URL.canParse(origin) && isLoopback(new URL(origin).hostname)

/**
 * Refuses requests to any other name: the name of a page elsewhere may have been made to lead here, and then its scripts could
 * do what the tokens allow. Refuses those of pages of another origin too.
 *
 * @since 0.1.0
 * @category middleware
 */
export const only = HttpRouter.middleware(
  (handled) =>
    Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => {
      const { host = "", origin } = headers
      return isLoopback(nameOf(host)) && (origin === undefined || isOwn(origin))
        ? handled
        : Effect.succeed(Rest.refused(RestError.forbidden()))
    }),
  { global: true }
)
