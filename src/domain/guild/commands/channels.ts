/**
 * What a guild is asked about channels. `by` is whose permissions it takes; without it the operator asks, who may do
 * everything.
 *
 * @since 0.1.0
 */
import { Schema } from "effect"
import { Channel, Overwrite } from "../../Community.ts"
import { ChannelId, RoleId, UserId } from "../../Ids.ts"
import { StoreUnavailable } from "../../MemberStore.ts"
import {
  MissingAccess,
  MissingPermissions,
  TooMany,
  UnknownChannel,
  UnknownMember,
  UnknownOverwrite,
  UnknownRole,
  WrongChannel
} from "../Refusal.ts"

const { bitrate, isNsfw, kind, name, overwrites, position, region, slowMode, topic, userLimit, videoQuality } =
  Channel.fields

const patch = {
  topic: Schema.optionalKey(topic),
  position: Schema.optionalKey(position),
  parent: Schema.optionalKey(Schema.NullOr(ChannelId)),
  userLimit: Schema.optionalKey(userLimit),
  isNsfw,
  slowMode,
  bitrate,
  region,
  videoQuality,
  overwrites: Schema.optionalKey(overwrites)
}

/**
 * What may be different about a channel; what is left out stays. A `parent` of `null` is none. With `isSynced` the channel
 * takes over the overwrites of the category that it then stands under. Of `overwrites` for the same role or member the last
 * one counts, and roles have to be there; `overwrite` is put among them, in the place of one
 * for the same role or member, and the one for `withoutOverwrite` taken out.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ChannelPatch = Schema.Struct({
  name: Schema.optionalKey(name),
  isSynced: Schema.optionalKey(Schema.Boolean),
  overwrite: Schema.optionalKey(Overwrite),
  withoutOverwrite: Schema.optionalKey(Schema.Union([RoleId, UserId])),
  ...patch
})

/**
 * Where a channel is to stand, as in {@link ChannelPatch}.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ChannelMove = Schema.Struct({
  position: patch.position,
  parent: patch.parent,
  isSynced: ChannelPatch.fields.isSynced
})

const error = Schema.Union([
  UnknownMember,
  UnknownChannel,
  UnknownRole,
  UnknownOverwrite,
  WrongChannel,
  MissingAccess,
  MissingPermissions,
  TooMany,
  StoreUnavailable
])

/**
 * - `CreateChannel`: a new one, with the overwrites of its category unless it has its own
 * - `UpdateChannel`: what concerns overwrites takes MANAGE_ROLES, the rest MANAGE_CHANNELS. Channels that have just the
 *   overwrites of their category get those that this gets
 * - `OrderChannels`: puts channels in positions or under categories, all of them or none. Who may manage the guild's
 *   channels, or those of a category, may order them without seeing all of them
 * - `DeleteChannel`: the channels of a category stay
 *
 * @since 0.1.0
 * @category commands
 */
export const channels = {
  CreateChannel: {
    payload: Schema.Struct({
      by: Schema.optionalKey(UserId),
      channel: Schema.Struct({ name, kind: Schema.optionalKey(kind), ...patch })
    }),
    success: Channel,
    error
  },
  UpdateChannel: {
    payload: Schema.Struct({ by: Schema.optionalKey(UserId), channel: ChannelId, patch: ChannelPatch }),
    success: Channel,
    error
  },
  OrderChannels: {
    payload: Schema.Struct({
      by: Schema.optionalKey(UserId),
      moves: Schema.Array(Schema.Struct({ channel: ChannelId, ...ChannelMove.fields }))
    }),
    success: Schema.Void,
    error
  },
  DeleteChannel: {
    payload: Schema.Struct({ by: Schema.optionalKey(UserId), channel: ChannelId }),
    success: Channel,
    error
  }
}
