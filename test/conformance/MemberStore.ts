/** What every member store promises: it behaves as a map does, and a scan is of one moment. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Effect, Fiber, type Layer, Option, Schema, Stream } from "effect"
import { GuildId, UserId } from "../../src/domain/Ids.ts"
import type { Member } from "../../src/domain/Member.ts"
import * as MemberQuery from "../../src/domain/MemberQuery.ts"
import { type Members, MemberStore } from "../../src/domain/MemberStore.ts"
import { member, STAFF } from "../support/community.ts"
import { AnyMember, AnyQuery, AnyUser, queryOf } from "../support/members.ts"
import { below, seeded } from "../support/random.ts"

const Write = Schema.Union([
  Schema.TaggedStruct("Put", { member: AnyMember }),
  Schema.TaggedStruct("PutAll", { members: Schema.Array(AnyMember) }),
  Schema.TaggedStruct("Remove", { user: AnyUser })
])
type Write = typeof Write.Type

const Operation = Schema.Union([
  Write,
  // Once more, so that there are twice as many who come as who go.
  Schema.TaggedStruct("Put", { member: AnyMember }),
  Schema.TaggedStruct("Get", { user: AnyUser }),
  Schema.TaggedStruct("Page", { after: AnyUser, limit: Schema.Literals([1, 2, 5, 100]) }),
  Schema.TaggedStruct("Scan", { query: AnyQuery }),
  Schema.TaggedStruct("Ids", { query: AnyQuery }),
  Schema.TaggedStruct("Reopen", {})
])

/** What goes on while others scan: `Turn` lets them. */
const Meanwhile = Schema.Union([
  Write,
  Schema.TaggedStruct("Put", { member: AnyMember }),
  Schema.TaggedStruct("Scan", { query: AnyQuery }),
  Schema.TaggedStruct("Ids", { query: AnyQuery }),
  Schema.TaggedStruct("Turn", {})
])

type Model = Map<UserId, Member>

const byId = (members: Iterable<Member>): ReadonlyArray<Member> =>
  Array.from(members).sort((one, other) => (BigInt(one.user.id) < BigInt(other.user.id) ? -1 : 1))

const asked = (model: Model, query: MemberQuery.MemberQuery): ReadonlyArray<Member> =>
  byId(model.values()).filter((member) => MemberQuery.matches(query, member))

const idsOf = (members: Iterable<Member>): ReadonlyArray<UserId> => Array.from(members, ({ user }) => user.id)

/** In an order that the seed gives. */
const shuffled = <A>(random: () => number, items: ReadonlyArray<A>): ReadonlyArray<A> => {
  const all = Array.from(items)
  for (let left = all.length; left > 1; left--) {
    const [taken] = all.splice(below(random, left), 1)
    if (taken !== undefined) all.push(taken)
  }
  return all
}

const everyone = (members: Members) => Effect.map(Stream.runCollect(members.scan(MemberQuery.everybody)), byId)

/** All of them, page by page. */
const paged = Effect.fnUntraced(function* (members: Members, limit: number) {
  const all: Array<Member> = []
  while (true) {
    const page = yield* members.page(all.at(-1)?.user.id ?? UserId.make("0"), limit)
    all.push(...page)
    if (page.length < limit) return all
  }
})

const written = Effect.fnUntraced(function* (members: Members, model: Model, write: Write) {
  if (write._tag === "Put") {
    model.set(write.member.user.id, write.member)
    yield* members.put(write.member)
  } else if (write._tag === "PutAll") {
    for (const member of write.members) model.set(member.user.id, member)
    yield* members.putAll(write.members)
  } else {
    assert.strictEqual(yield* members.remove(write.user), model.delete(write.user))
  }
})

export const conforms = (name: string, layer: Layer.Layer<MemberStore>) =>
  withLayer(layer)(`MemberStore: ${name}`, (it) => {
    let guilds = 0
    /** A guild that nobody has opened before. */
    const fresh = () => GuildId.make(String(++guilds))

    it.effect.prop(
      "agrees with a map, operation by operation",
      [Schema.Array(Operation)],
      ([operations]) =>
        Effect.gen(function* () {
          const store = yield* MemberStore
          const guild = fresh()
          let members = yield* store.open(guild)
          const model: Model = new Map()
          for (const operation of operations) {
            switch (operation._tag) {
              case "Put":
              case "PutAll":
              case "Remove":
                yield* written(members, model, operation)
                break
              case "Get":
                assert.deepStrictEqual(
                  Option.getOrUndefined(yield* members.get(operation.user)),
                  model.get(operation.user)
                )
                break
              case "Page": {
                const { after, limit } = operation
                const above = byId(model.values()).filter(({ user }) => BigInt(user.id) > BigInt(after))
                assert.deepStrictEqual(yield* members.page(after, limit), above.slice(0, limit))
                break
              }
              case "Scan": {
                const query = queryOf(operation.query)
                assert.deepStrictEqual(byId(yield* Stream.runCollect(members.scan(query))), asked(model, query))
                break
              }
              case "Ids": {
                const query = queryOf(operation.query)
                const ids = yield* members.ids(query)
                const wanted = idsOf(asked(model, query))
                assert.deepStrictEqual(Array.from(ids), wanted)
                assert.strictEqual(ids.size, wanted.length)
                for (const user of model.keys()) assert.strictEqual(ids.has(user), wanted.includes(user))
                break
              }
              case "Reopen":
                members = yield* store.open(guild)
            }
            assert.strictEqual(yield* members.size, model.size)
          }
        }).pipe(Effect.scoped),
      { arbitrary: { size: 60, runs: 200 } }
    )

    it.effect.prop(
      "changes of different users may be made at the same time, those of one user in their order",
      [Schema.Array(Write)],
      ([writes]) =>
        Effect.gen(function* () {
          const members = yield* (yield* MemberStore).open(fresh())
          const model: Model = new Map()
          const byUser = new Map<UserId, Array<Write>>()
          for (const write of writes) {
            const all = write._tag === "PutAll" ? write.members : []
            const one = write._tag === "Put" ? [write.member] : all
            for (const member of one) {
              byUser.set(member.user.id, [...(byUser.get(member.user.id) ?? []), { _tag: "Put", member }])
            }
            if (write._tag === "Remove") byUser.set(write.user, [...(byUser.get(write.user) ?? []), write])
          }
          yield* Effect.forEach(
            byUser.values(),
            (own) => Effect.forEach(own, (write) => written(members, model, write), { discard: true }),
            { concurrency: "unbounded", discard: true }
          )
          assert.deepStrictEqual(yield* everyone(members), byId(model.values()))
          assert.strictEqual(yield* members.size, model.size)
        }).pipe(Effect.scoped),
      { arbitrary: { size: 60, runs: 50 } }
    )

    it.effect.prop(
      "a scan is of the moment at which it began, whatever is written while it goes on",
      [Schema.Array(Meanwhile)],
      ([operations]) =>
        Effect.gen(function* () {
          const members = yield* (yield* MemberStore).open(fresh())
          // Where members are loaded first, a scan begins when they have been.
          yield* members.ids(MemberQuery.everybody)
          const model: Model = new Map()
          const checks: Array<Effect.Effect<void, unknown>> = []
          /** It begins at once, and goes on when it may. */
          const begun = Effect.fnUntraced(function* (
            found: Effect.Effect<ReadonlyArray<UserId>, unknown>,
            wanted: ReadonlyArray<UserId>
          ) {
            const fiber = yield* Effect.forkChild(found, { startImmediately: true })
            checks.push(Effect.map(Fiber.join(fiber), (found) => assert.deepStrictEqual(found, wanted)))
          })
          for (const operation of operations) {
            switch (operation._tag) {
              case "Put":
              case "PutAll":
              case "Remove":
                yield* written(members, model, operation)
                break
              case "Scan": {
                const query = queryOf(operation.query)
                const wanted = asked(model, query)
                const slowly = members.scan(query).pipe(
                  Stream.rechunk(1),
                  Stream.tap(() => Effect.yieldNow),
                  Stream.runCollect,
                  Effect.tap((found) => Effect.sync(() => assert.deepStrictEqual(byId(found), wanted)))
                )
                yield* begun(
                  Effect.map(slowly, (found) => idsOf(byId(found))),
                  idsOf(wanted)
                )
                break
              }
              case "Ids": {
                const query = queryOf(operation.query)
                yield* begun(
                  Effect.map(members.ids(query), (ids) => Array.from(ids)),
                  idsOf(asked(model, query))
                )
                break
              }
              case "Turn":
                yield* Effect.yieldNow
            }
          }
          yield* Effect.all(checks)
          assert.deepStrictEqual(yield* everyone(members), byId(model.values()))
        }).pipe(Effect.scoped),
      { arbitrary: { size: 60, runs: 200 } }
    )

    const Order = Schema.Literals(["ascending", "descending", "random"])
    it.effect.prop(
      "many come and go, in whatever order",
      [Order, Order, Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 2 ** 31 }))],
      ([comes, goes, seed]) =>
        Effect.gen(function* () {
          const members = yield* (yield* MemberStore).open(fresh())
          const random = seeded(seed)
          const everybody = Array.from({ length: 600 }, (_, index) =>
            member(index * 1_000, index % 3 === 0 ? [STAFF] : [])
          )
          const ordered = (order: typeof Order.Type) => {
            if (order === "random") return shuffled(random, everybody)
            return order === "ascending" ? everybody : everybody.toReversed()
          }
          yield* members.putAll(ordered(comes))
          assert.deepStrictEqual(idsOf(yield* everyone(members)), idsOf(everybody))
          const leaving = ordered(goes).slice(0, 550)
          for (const { user } of leaving) assert.isTrue(yield* members.remove(user.id))
          const gone = new Set(leaving)
          const staying = everybody.filter((member) => !gone.has(member))
          assert.deepStrictEqual(yield* everyone(members), staying)
          assert.deepStrictEqual(yield* paged(members, 1 + below(random, 100)), staying)
          assert.deepStrictEqual(Array.from(yield* members.ids(MemberQuery.everybody)), idsOf(staying))
          for (const { user } of leaving) assert.isFalse(yield* members.remove(user.id))
          yield* Effect.forEach(leaving, members.put, { discard: true })
          assert.deepStrictEqual(yield* everyone(members), everybody)
          assert.deepStrictEqual(yield* paged(members, 1 + below(random, 100)), everybody)
          assert.strictEqual(yield* members.size, everybody.length)
        }).pipe(Effect.scoped),
      { arbitrary: { runs: 12 } }
    )

    it.effect("a scan of many lets others have their turn, and is of the moment at which it began", () =>
      Effect.gen(function* () {
        const members = yield* (yield* MemberStore).open(fresh())
        const everybody = Array.from({ length: 5_000 }, (_, index) => member(index))
        yield* members.putAll(everybody)
        // Where members are loaded first, a scan begins when they have been.
        yield* members.ids(MemberQuery.everybody)
        const scans = [everyone(members), Effect.map(members.ids(MemberQuery.everybody), (ids) => Array.from(ids))]
        for (const [index, scan] of scans.entries()) {
          const scanning = yield* Effect.forkChild(scan, { startImmediately: true })
          assert.isUndefined(scanning.pollUnsafe(), "others have a turn before it is over")
          const { user } = member(4_000 + index)
          assert.isTrue(yield* members.remove(user.id))
          assert.strictEqual((yield* Fiber.join(scanning)).length, everybody.length - index)
        }
      }).pipe(Effect.scoped)
    )

    it.effect("a guild's members are its own; opening it again gives the same", () =>
      Effect.gen(function* () {
        const store = yield* MemberStore
        const [here, there] = [fresh(), fresh()]
        const one = yield* store.open(here)
        const other = yield* store.open(there)
        yield* one.put(member(1))
        assert.strictEqual(yield* other.size, 0)
        assert.deepStrictEqual(yield* everyone(other), [])
        assert.deepStrictEqual(yield* everyone(yield* store.open(here)), [member(1)])
      }).pipe(Effect.scoped)
    )

    it.effect("a scan whose results nobody wants any more ends, and others do not", () =>
      Effect.gen(function* () {
        const members = yield* (yield* MemberStore).open(fresh())
        const everybody = Array.from({ length: 100 }, (_, index) => member(index))
        yield* Effect.forEach(everybody, members.put, { discard: true })
        const other = yield* Effect.forkChild(everyone(members), { startImmediately: true })
        for (const wanted of [0, 1, 7]) {
          const found = yield* members.scan(MemberQuery.everybody).pipe(Stream.take(wanted), Stream.runCollect)
          assert.strictEqual(new Set(idsOf(found)).size, wanted)
        }
        assert.deepStrictEqual(yield* Fiber.join(other), everybody)
        assert.deepStrictEqual(yield* everyone(members), everybody)
      }).pipe(Effect.scoped)
    )
  })
