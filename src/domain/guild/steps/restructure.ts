/**
 * How a guild changes its roles and channels: relays hear of it in the order of everything else, and so it is so for the
 * next message.
 *
 * @since 0.1.0
 */
import { type Change, changed } from "../../Community.ts"
import type { Output } from "../Output.ts"
import type { State } from "../State.ts"
import { heard } from "./voice.ts"

/**
 * @since 0.1.0
 * @category transitions
 */
export const restructured = <H>(state: State, change: Change): readonly [State, ReadonlyArray<Output<H>>] => {
  const { community } = state
  const after = changed(community, change)
  const isNew =
    (change._tag === "RolePut" && !community.roles.has(change.role.id)) ||
    (change._tag === "ChannelPut" && !community.channels.has(change.channel.id))
  return [
    { ...state, community: after },
    [{ _tag: "Restructure", change, isNew, voice: heard(state, community, after) }]
  ]
}
