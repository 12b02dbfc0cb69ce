/**
 * How a guild changes its roles and channels: relays hear of it in the order of everything else, and so it is so for the
 * next message.
 *
 * @since 0.1.0
 */
import { Equal } from "effect"
import { type Change, changed, type Community } from "../../Community.ts"
import type { Output } from "../Output.ts"
import type { State } from "../State.ts"
import { heard } from "./voice.ts"

/** Whether it is so already, and whether there was none of the kind. */
const compared = (
  { channels, roles }: Community,
  change: Change
): { readonly isSame: boolean; readonly isNew: boolean } => {
  switch (change._tag) {
    case "RolePut": {
      const before = roles.get(change.role.id)
      return { isSame: Equal.equals(before, change.role), isNew: before === undefined }
    }
    case "ChannelPut": {
      const before = channels.get(change.channel.id)
      return { isSame: Equal.equals(before, change.channel), isNew: before === undefined }
    }
    default:
      return { isSame: false, isNew: false }
  }
}

/**
 * Of what changes nothing, nobody is told.
 *
 * @since 0.1.0
 * @category transitions
 */
export const restructured = <H>(state: State, change: Change): readonly [State, ReadonlyArray<Output<H>>] => {
  const { community } = state
  const { isNew, isSame } = compared(community, change)
  if (isSame) return [state, []]
  const after = changed(community, change)
  return [
    { ...state, community: after },
    [{ _tag: "Restructure", change, isNew, voice: heard(state, community, after) }]
  ]
}

/**
 * One change after the other.
 *
 * @since 0.1.0
 * @category transitions
 */
export const restructuredAll = <H>(
  state: State,
  changes: ReadonlyArray<Change>
): readonly [State, ReadonlyArray<Output<H>>] => {
  let next = state
  const outputs: Array<Output<H>> = []
  for (const change of changes) {
    const [changed, more] = restructured<H>(next, change)
    next = changed
    outputs.push(...more)
  }
  return [next, outputs]
}
