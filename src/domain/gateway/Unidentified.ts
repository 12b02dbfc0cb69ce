/**
 * Connections on which nobody has identified yet: how many there may be, and how many of them from one address.
 *
 * @since 0.1.0
 */
import { Context, Effect, Schema } from "effect"

/**
 * There is no room for one more.
 *
 * @since 0.1.0
 * @category errors
 */
export class Crowded extends Schema.TaggedError<Crowded>()("Crowded", {
  limit: Schema.Literals(["unidentified", "unidentified-per-address"])
}) {
  override get message() {
    return "too many connections have yet to identify: connect again in a while"
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly all: number
  readonly perAddress: number
}

/**
 * A client that is honest has identified within a tenth of a second: at the default, thousands a second can come. Behind a
 * proxy all of them have its address.
 *
 * @since 0.1.0
 * @category limits
 */
export const DEFAULTS: Limits = { all: 2_000, perAddress: 1_000 }

/**
 * `hold` does something while it counts as one of them, or fails at once where there is no room.
 *
 * @since 0.1.0
 * @category models
 */
export interface Unidentified {
  readonly hold: (
    address: string | undefined
  ) => <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | Crowded, R>
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ all, perAddress }: Limits = DEFAULTS): Unidentified => {
  const byAddress = new Map<string, number>()
  let count = 0
  const enter = (address: string) => {
    const here = byAddress.get(address) ?? 0
    if (count >= all) return Effect.fail(new Crowded({ limit: "unidentified" }))
    if (here >= perAddress) return Effect.fail(new Crowded({ limit: "unidentified-per-address" }))
    count++
    byAddress.set(address, here + 1)
    return Effect.void
  }
  const leave = (address: string) => {
    count--
    const here = (byAddress.get(address) ?? 0) - 1
    if (here > 0) byAddress.set(address, here)
    else byAddress.delete(address)
  }
  return {
    hold:
      (address = "") =>
      (effect) =>
        Effect.acquireUseRelease(
          Effect.suspend(() => enter(address)),
          () => effect,
          () => Effect.sync(() => leave(address))
        )
  }
}

/**
 * The process's own.
 *
 * @since 0.1.0
 * @category references
 */
export const Unidentified: Context.Reference<Unidentified> = Context.Reference<Unidentified>(
  "fanfare/domain/gateway/Unidentified",
  { defaultValue: () => make() }
)
