/**
 * What a client is told of a guild's members when it asks for them: in chunks, as fast as it takes them.
 *
 * @see https://discord.com/developers/docs/events/gateway-events#request-guild-members
 * @since 0.1.0
 */
import { Effect, Schema } from "effect"
import type { RequestGuildMembers } from "../../domain/gateway/ClientFrame.ts"
import * as Intents from "../../domain/gateway/Intents.ts"
import * as EventJson from "../../domain/gateway/EventJson.ts"
import * as Payload from "../../domain/gateway/Payload.ts"
import { UserId } from "../../domain/Ids.ts"
import { UserIds } from "../../domain/UserIds.ts"
import type { Guild } from "../Guild.ts"
import { drained, type Session } from "../Session.ts"
import * as Transport from "../Transport.ts"

/** "1000 members per chunk." */
const CHUNK = 1000

/** The most that one may ask for by name. Of ids, a frame has room for no more than two hundred. */
const MAX_LIMIT = 100

/** "Nonce can only be up to 32 bytes." A longer one is ignored. */
const MAX_NONCE = 32

type Wanted = (typeof RequestGuildMembers.Type)["d"]

/** Whom the client asks for, and whom it names. Those it names fit into one chunk. */
const asked = ({ members }: Guild, by: UserId, wanted: Wanted, mayAll: boolean) => {
  const { query, user_ids } = wanted
  const limit = wanted.limit ?? 0
  if (user_ids !== undefined && user_ids !== null) {
    const named = Array.from(new Set(typeof user_ids === "string" ? [user_ids] : user_ids))
    return Effect.succeed({ users: UserIds.from(named.filter(Schema.is(UserId))), named })
  }
  const named: ReadonlyArray<string> = []
  const isAll = query === "" && limit === 0
  if (query === undefined || query === null || (isAll && !mayAll))
    return Effect.succeed({ users: UserIds.from([]), named })
  const most = isAll ? undefined : Math.min(Math.max(1, limit), MAX_LIMIT)
  return Effect.map(members.find(query, { limit: most, by }), (users) => ({ users, named }))
}

/**
 * Answers a request for members, for as long as who asks is one: that is asked with every chunk.
 *
 * @since 0.1.0
 * @category answering
 */
export const chunks = Effect.fnUntraced(function* (
  guild: Guild,
  { intents, session, user }: { readonly session: Session; readonly user: UserId; readonly intents: number },
  wanted: Wanted
) {
  const { named, users } = yield* asked(guild, user, wanted, Intents.wants(intents, Intents.GUILD_MEMBERS))
  const nonce = Buffer.byteLength(wanted.nonce ?? "") > MAX_NONCE ? undefined : (wanted.nonce ?? undefined)
  const withPresences = wanted.presences === true && Intents.wants(intents, Intents.GUILD_PRESENCES)
  const count = Math.max(1, Math.ceil(users.size / CHUNK))
  const all = users.chunks(CHUNK)
  for (let index = 0; index < count; index++) {
    const next = all.next()
    // Nobody at all is a chunk too: the client waits for an answer.
    const some: ReadonlyArray<UserId> = next.done === true ? [] : next.value
    yield* drained(session)
    const [asking, ...found] = yield* guild.members.get([user, ...some], user)
    if (asking?.member.user.id !== user) return
    const known = new Set<string>(found.map(({ member }) => member.user.id))
    const data = EventJson.membersChunk({
      guild: guild.id,
      members: found,
      index,
      count,
      missing: named.filter((user) => !known.has(user)),
      withPresences,
      nonce
    })
    if (!(yield* Transport.send(session.mailbox, Payload.make("GUILD_MEMBERS_CHUNK", data)))) return
  }
})
