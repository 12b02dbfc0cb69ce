/**
 * What a guild is asked about voice channels.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { ChannelId, SessionId, UserId } from "../../Ids.ts"
import { StoreUnavailable } from "../../MemberStore.ts"
import {
  ChannelFull,
  MissingAccess,
  MissingPermissions,
  UnknownChannel,
  UnknownMember,
  UnknownSession,
  WrongChannel
} from "../Refusal.ts"

/**
 * - `SetVoice`: a session joins a voice channel, moves to another, leaves (`channel` is `null`), or mutes itself
 *
 * @since 0.1.0
 * @category commands
 */
export const voice = {
  SetVoice: {
    payload: Schema.Struct({
      session: SessionId,
      user: UserId,
      channel: Schema.NullOr(ChannelId),
      selfMute: Schema.Boolean,
      selfDeaf: Schema.Boolean
    }),
    success: Schema.Void,
    error: Schema.Union([
      UnknownMember,
      UnknownSession,
      UnknownChannel,
      WrongChannel,
      ChannelFull,
      MissingAccess,
      MissingPermissions,
      StoreUnavailable
    ])
  }
}
