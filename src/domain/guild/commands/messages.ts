/**
 * What a guild is asked about messages.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { ChannelId, UserId } from "../../Ids.ts"
import { Draft, Message } from "../../Message.ts"
import { StoreUnavailable } from "../../MemberStore.ts"
import {
  MissingAccess,
  MissingPermissions,
  SlowedDown,
  UnknownChannel,
  UnknownMember,
  WrongChannel
} from "../Refusal.ts"

/**
 * - `SendMessage`: a member writes in a channel
 *
 * @since 0.1.0
 * @category commands
 */
export const messages = {
  SendMessage: {
    payload: Schema.Struct({ author: UserId, channel: ChannelId, draft: Draft }),
    success: Message,
    error: Schema.Union([
      UnknownMember,
      UnknownChannel,
      WrongChannel,
      MissingAccess,
      MissingPermissions,
      SlowedDown,
      StoreUnavailable
    ])
  }
}
