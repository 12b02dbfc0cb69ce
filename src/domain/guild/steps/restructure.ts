/**
 * How a guild changes its roles and channels: relays hear of it in the order of everything else, and so it is so for the
 * next message.
 *
 * @since 0.1.0
 */
import { HashMap, Schema, Struct } from "effect"
import { areSameOverwrites, type Change, changed, Channel, type Community, Role } from "../../Community.ts"
import type { ChannelId } from "../../Ids.ts"
import { lastAnswer } from "../../lastAnswer.ts"
import type { VoiceState } from "../../VoiceState.ts"
import type { Output } from "../Output.ts"
import type { State } from "../State.ts"

// Not by `Equal`, which keeps memory of all that it has compared.
const areSameParts = Schema.toEquivalence(Channel.mapFields(Struct.omit(["overwrites"])))

const areRolesAlike = Schema.toEquivalence(Role)

/** Whether it is so already. */
const isSame = ({ channels, roles }: Community) => {
  const areSameLists = lastAnswer(areSameOverwrites)
  const isSameRole = (one: Role | undefined, other: Role): boolean => one !== undefined && areRolesAlike(one, other)
  const isSameChannel = (one: Channel | undefined, other: Channel): boolean =>
    one !== undefined && areSameParts(one, other) && areSameLists(one.overwrites, other.overwrites)
  return (change: Change): boolean => {
    switch (change._tag) {
      case "RolePut":
        return isSameRole(roles.get(change.role.id), change.role)
      case "ChannelPut":
        return isSameChannel(channels.get(change.channel.id), change.channel)
      case "RoleRemoved":
        return !roles.has(change.role)
      case "ChannelRemoved":
        return !channels.has(change.channel)
    }
  }
}

/** Who is in voice channels that are seen by others than before. */
const heard = ({ community: before, voice }: State, after: Community): ReadonlyArray<VoiceState> => {
  const isOther = (id: ChannelId) => before.audiences.get(id) !== after.audiences.get(id)
  const isHeard = Array.from(before.channels.values()).some(({ id, kind }) => kind === "voice" && isOther(id))
  return isHeard ? Array.from(HashMap.values(voice)).filter(({ channel }) => isOther(channel)) : []
}

/**
 * All changes at once: there may be hundreds, and what each community is made of anew is the same for all. Of what changes
 * nothing, nobody is told.
 *
 * @since 0.1.0
 * @category transitions
 */
export const restructured = <H>(
  state: State,
  wanted: ReadonlyArray<Change>
): readonly [State, ReadonlyArray<Output<H>>] => {
  const isSo = isSame(state.community)
  const changes = wanted.filter((change) => !isSo(change))
  if (changes.length === 0) return [state, []]
  const community = changed(state.community, changes)
  return [{ ...state, community }, [{ _tag: "Restructure", changes, voice: heard(state, community) }]]
}
