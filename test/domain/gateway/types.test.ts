/**
 * What the gateway sends, held against the types of discord-api-types: a field that is missing, or is something else, does not
 * compile. Where the documentation says more than they do, it counts (`flags` of a user, say).
 */
import { assert, it } from "@effect/vitest"
import {
  GatewayDispatchEvents,
  type GatewayChannelCreateDispatchData,
  type GatewayChannelDeleteDispatchData,
  type GatewayChannelUpdateDispatchData,
  type GatewayGuildCreateDispatchData,
  type GatewayGuildDeleteDispatchData,
  type GatewayGuildMemberAddDispatchData,
  type GatewayGuildMemberRemoveDispatchData,
  type GatewayGuildMembersChunkDispatchData,
  type GatewayGuildMemberUpdateDispatchData,
  type GatewayGuildRoleCreateDispatchData,
  type GatewayGuildRoleDeleteDispatchData,
  type GatewayGuildRoleUpdateDispatchData,
  type GatewayMessageCreateDispatchData,
  type GatewayPresenceUpdateDispatchData,
  type GatewayRateLimitedDispatchData,
  type GatewayReadyDispatchData,
  type GatewayVoiceStateUpdateDispatchData
} from "discord-api-types/v10"
import type * as EventJson from "../../../src/domain/gateway/EventJson.ts"
import type * as Json from "../../../src/domain/gateway/Json.ts"

/** As JSON has it: enumerations are texts and numbers there. */
type Plain<T> = T extends string ? `${T}` : T extends number ? number : { readonly [K in keyof T]: Plain<T[K]> }

interface Types {
  MESSAGE_CREATE: GatewayMessageCreateDispatchData
  PRESENCE_UPDATE: GatewayPresenceUpdateDispatchData
  GUILD_ROLE_CREATE: GatewayGuildRoleCreateDispatchData
  GUILD_ROLE_UPDATE: GatewayGuildRoleUpdateDispatchData
  GUILD_ROLE_DELETE: GatewayGuildRoleDeleteDispatchData
  CHANNEL_CREATE: GatewayChannelCreateDispatchData
  CHANNEL_UPDATE: GatewayChannelUpdateDispatchData
  CHANNEL_DELETE: GatewayChannelDeleteDispatchData
  GUILD_MEMBER_ADD: GatewayGuildMemberAddDispatchData
  GUILD_MEMBER_UPDATE: GatewayGuildMemberUpdateDispatchData
  GUILD_MEMBER_REMOVE: GatewayGuildMemberRemoveDispatchData
  GUILD_DELETE: GatewayGuildDeleteDispatchData
  VOICE_STATE_UPDATE: GatewayVoiceStateUpdateDispatchData
  READY: GatewayReadyDispatchData
  GUILD_CREATE: GatewayGuildCreateDispatchData
  GUILD_MEMBERS_CHUNK: GatewayGuildMembersChunkDispatchData
  RATE_LIMITED: GatewayRateLimitedDispatchData
}

type Sent = ReturnType<typeof EventJson.event>
type Data<Name extends Sent[0]> = Extract<Sent, readonly [Name, unknown]>[1]

/** `GUILD_CREATE` is put together from these (`Welcomes`). */
type Welcome = ReturnType<typeof Json.guildMembers> &
  ReturnType<typeof Json.guild> & {
    members: Array<ReturnType<typeof Json.member>>
    channels: ReturnType<typeof Json.channels>
    voice_states: Array<ReturnType<typeof Json.partialVoiceState>>
  }

type Ours = { [Name in Sent[0]]: Data<Name> } & {
  READY: ReturnType<typeof EventJson.ready>
  GUILD_CREATE: Welcome
  GUILD_MEMBERS_CHUNK: ReturnType<typeof EventJson.membersChunk>
  RATE_LIMITED: ReturnType<typeof EventJson.membersLimited>
}

const fits: { [Name in keyof Ours]: (data: Readonly<Ours[Name]>) => Plain<Types[Name]> } = {
  MESSAGE_CREATE: (data) => data,
  PRESENCE_UPDATE: (data) => data,
  GUILD_ROLE_CREATE: (data) => data,
  GUILD_ROLE_UPDATE: (data) => data,
  GUILD_ROLE_DELETE: (data) => data,
  CHANNEL_CREATE: (data) => data,
  CHANNEL_UPDATE: (data) => data,
  CHANNEL_DELETE: (data) => data,
  GUILD_MEMBER_ADD: (data) => data,
  GUILD_MEMBER_UPDATE: (data) => data,
  GUILD_MEMBER_REMOVE: (data) => data,
  GUILD_DELETE: (data) => data,
  VOICE_STATE_UPDATE: (data) => data,
  READY: (data) => data,
  GUILD_CREATE: (data) => data,
  GUILD_MEMBERS_CHUNK: (data) => data,
  RATE_LIMITED: (data) => data
}

it("each event that is sent is one of Discord's", () => {
  const known = new Set<string>(Object.values(GatewayDispatchEvents))
  for (const name of Object.keys(fits)) assert.isTrue(known.has(name), name)
})
