/**
 * The contract of a notifier: who is told when a message calls members who may not be there.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { Message } from "./Message.ts"
import type { UserIds } from "./UserIds.ts"

/**
 * A message that calls everyone, and the members who may see its channel, whether they are there or not: for push
 * notifications, say, or for counting what is unread.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ping {
  readonly message: Message
  readonly users: UserIds
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Pinged {
  readonly pinged: (ping: Ping) => Effect.Effect<void>
}

/**
 * Without one nobody is told, and nobody looks for who should be.
 *
 * @since 0.1.0
 * @category contracts
 */
export const Notifier: Context.Reference<Pinged | undefined> = Context.Reference<Pinged | undefined>(
  "fanfare/domain/Notifier",
  { defaultValue: () => undefined }
)
