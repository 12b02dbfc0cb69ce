/**
 * What happened in a guild that its sessions may want to know.
 *
 * @since 0.1.0
 */
import type { Message } from "../Message.ts"
import type { View } from "./Protocol.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface MessageCreated {
  readonly _tag: "MessageCreated"
  readonly message: Message
}

/**
 * A session was connected: this is what it starts from.
 *
 * @since 0.1.0
 * @category models
 */
export interface GuildAvailable {
  readonly _tag: "GuildAvailable"
  readonly view: View
}

/**
 * @since 0.1.0
 * @category models
 */
export type Event = MessageCreated | GuildAvailable
