/**
 * The contract of accounts: whose token is this?
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Option, type Redacted } from "effect"
import type { User } from "./User.ts"

/**
 * @since 0.1.0
 * @category contracts
 */
export class Accounts extends Context.Service<
  Accounts,
  {
    /** The user who owns a token; none when nobody does. */
    readonly authenticate: (token: Redacted.Redacted) => Effect.Effect<Option.Option<User>>
  }
>()("fanfare/domain/Accounts") {}
