/**
 * Accounts: whose token is this?
 *
 * @since 0.1.0
 */
import { Effect, Layer, Option, Redacted } from "effect"
import { Accounts } from "../domain/Accounts.ts"
import type { User } from "../domain/User.ts"

export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  Accounts
} from "../domain/Accounts.ts"

/**
 * Accounts from a list of tokens and their owners, fixed for the life of the process.
 *
 * @since 0.1.0
 * @category layers
 */
export const fromTokens = (owners: ReadonlyArray<readonly [Redacted.Redacted, User]>): Layer.Layer<Accounts> =>
  Layer.sync(Accounts, () => {
    const users = new Map(owners.map(([token, user]) => [Redacted.value(token), user]))
    return {
      authenticate: (token) => Effect.sync(() => Option.fromUndefinedOr(users.get(Redacted.value(token))))
    }
  })
