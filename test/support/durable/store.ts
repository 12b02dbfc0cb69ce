/** What suites about the durable store share. */
import { Effect, Layer, Stream } from "effect"
import type { SqlClient } from "effect/sql/SqlClient"
import type { SqlError } from "effect/sql/SqlError"
import type { GuildId } from "../../../src/domain/Ids.ts"
import type { Member } from "../../../src/domain/Member.ts"
import * as MemberQuery from "../../../src/domain/MemberQuery.ts"
import type { Members } from "../../../src/domain/MemberStore.ts"
import * as MemberStore from "../../../src/layers/MemberStore.ts"
import { guildId, member } from "../community.ts"

/** Pages so small that everything takes several. */
export const durable = MemberStore.durable({ working: MemberStore.heap, pageSize: 2 })

export const open = (guild: GuildId = guildId(0)) =>
  Effect.flatMap(MemberStore.MemberStore, (store) => store.open(guild))

/** One life of a store: what is in the database is all that it leaves behind. */
export const life = <A, E, R>(
  program: Effect.Effect<A, E, R>,
  store: Layer.Layer<MemberStore.MemberStore, SqlError, SqlClient> = durable
) => program.pipe(Effect.scoped, Effect.provide(Layer.fresh(store)))

export const byId = (members: Iterable<Member>): ReadonlyArray<Member> =>
  Array.from(members).sort((one, other) => (BigInt(one.user.id) < BigInt(other.user.id) ? -1 : 1))

export const everybody = (members: Members) => Effect.map(Stream.runCollect(members.scan(MemberQuery.everybody)), byId)

export const put = (members: Members, indices: ReadonlyArray<number>) =>
  Effect.forEach(indices, (index) => members.put(member(index)), { concurrency: "unbounded", discard: true })

export const indices = (count: number): ReadonlyArray<number> => Array.from({ length: count }, (_, index) => index)

export const turns = (count: number) => Effect.replicateEffect(Effect.yieldNow, count, { discard: true })
