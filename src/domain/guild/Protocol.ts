/**
 * What a guild understands, and what it answers: the commands of each area, in one table. How they travel to another thread
 * or process follows from it.
 *
 * @since 0.1.0
 */
import type { Schema } from "effect"
import { channels } from "./commands/channels.ts"
import { members } from "./commands/members.ts"
import { messages } from "./commands/messages.ts"
import { reads } from "./commands/reads.ts"
import { roles } from "./commands/roles.ts"
import { type Connect, sessions } from "./commands/sessions.ts"
import { voice } from "./commands/voice.ts"

export {
  /**
   * @since 0.1.0
   * @category replies
   */
  type Seen
} from "./commands/reads.ts"
export {
  /**
   * @since 0.1.0
   * @category commands
   */
  type Connect,
  /**
   * @since 0.1.0
   * @category replies
   */
  type Status,
  /**
   * @since 0.1.0
   * @category replies
   */
  type View
} from "./commands/sessions.ts"

/**
 * @since 0.1.0
 * @category schemas
 */
export const commands = { ...messages, ...sessions, ...roles, ...channels, ...members, ...voice }

interface Command {
  readonly payload: Schema.Constraint
  readonly success: Schema.Constraint
  readonly error: Schema.Constraint
}

type Requests<Commands extends { readonly [T in keyof Commands]: Command }> = {
  readonly [T in keyof Commands]: {
    readonly payload: Commands[T]["payload"]["Type"]
    readonly success: Commands[T]["success"]["Type"]
    readonly error: Commands[T]["error"]["Type"]
  }
}

/**
 * @since 0.1.0
 * @category models
 */
export interface Protocol<H> extends Omit<Requests<typeof commands>, "Connect"> {
  readonly Connect: Omit<Requests<typeof sessions>["Connect"], "payload"> & { readonly payload: Connect<H> }
}

/**
 * What is asked of its members beside it.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadProtocol extends Requests<typeof reads> {}
