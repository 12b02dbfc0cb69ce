/**
 * Who calls: every ingress asks so, and an address that has brought many tokens that are nobody's waits at all of them.
 *
 * @since 0.1.0
 */
import { Effect, Option, Redacted } from "effect"
import { Accounts } from "../../domain/Accounts.ts"
import * as Rates from "../../domain/gateway/Rates.ts"
import * as RestError from "../../domain/gateway/RestError.ts"
import * as Monotonic from "../../domain/Monotonic.ts"
import type { User } from "../../domain/User.ts"
import { tooOften } from "./limited.ts"

/**
 * The user whose token this is, with or without "Bot " or "Bearer " before it. `address` is where it came from. Refused with
 * 401 when it is nobody's, and with 429 when too many from there were.
 *
 * @since 0.1.0
 * @category callers
 */
export const caller = Effect.fnUntraced(function* (
  authorization: string | undefined,
  address: string
): Effect.fn.Return<User, RestError.RestError, Accounts> {
  const token = (authorization ?? "").replace(/^(Bot|Bearer) /i, "")
  if (token === "") return yield* RestError.unauthorized()
  const accounts = yield* Accounts
  const rates = yield* Rates.Reference
  const wait = rates.wait(address, token, yield* Monotonic.now)
  if (wait > 0) return yield* tooOften("wrong-tokens", wait)
  const user = yield* accounts.authenticate(Redacted.make(token))
  rates.looked(address, token, Option.isSome(user), yield* Monotonic.now)
  return Option.isSome(user) ? user.value : yield* RestError.unauthorized()
})
