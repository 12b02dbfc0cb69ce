/**
 * How many searches of members may be under way in this process, whoever asks for them: by REST, over the gateway or by gRPC,
 * in whichever guild. A search asks all members of a guild, so more at a time make none of them faster, and each user has one.
 *
 * @since 0.1.0
 */
import { Context } from "effect"
import { Places } from "./Places.ts"

/**
 * @since 0.1.0
 * @category limits
 */
export const DEFAULTS = { size: 16, share: 1 } as const

/**
 * Later ones wait.
 *
 * @since 0.1.0
 * @category references
 */
export const Searches: Context.Reference<Places> = Context.Reference<Places>("fanfare/domain/Searches", {
  defaultValue: () => new Places(DEFAULTS)
})
