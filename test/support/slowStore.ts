/** Member stores on the heap that take their time, or fail, as a suite wants it. */
import { Deferred, Effect, Exit, Layer } from "effect"
import type { UserId } from "../../src/domain/Ids.ts"
import type { Member } from "../../src/domain/Member.ts"
import { type Members, MemberStore, StoreUnavailable } from "../../src/domain/MemberStore.ts"
import * as MemberStores from "../../src/layers/MemberStore.ts"
import { GUILD } from "./community.ts"

export type Operation = "get" | "put" | "putAll" | "remove" | "size"

/** What a store does with the next operation: makes it, fails before that, or makes it and loses the answer. */
export type Fate = "ok" | "fails" | "loses"

/** A store on the heap, of which some operations are otherwise. */
export const over = (around: (members: Members) => Partial<Members>): Layer.Layer<MemberStore> =>
  Layer.effect(
    MemberStore,
    Effect.map(MemberStore, ({ open }) => ({
      open: (guild) => Effect.map(open(guild), (members) => ({ ...members, ...around(members) }))
    }))
  ).pipe(Layer.provide(MemberStores.heap))

const unavailable = (cause: unknown) => new StoreUnavailable({ guild: GUILD, cause })

/** A store of which some operations wait until they are let go: all of a kind, or those about a user. */
export const gated = () => {
  const gates = new Map<string, Deferred.Deferred<void, StoreUnavailable>>()
  const key = (operation: Operation, user?: UserId) => `${operation} ${user ?? ""}`
  const through = <A, E>(operation: Operation, user: UserId | undefined, effect: Effect.Effect<A, E>) =>
    Effect.suspend((): Effect.Effect<A, E | StoreUnavailable> => {
      const gate = gates.get(key(operation, user)) ?? gates.get(key(operation))
      return gate === undefined ? effect : Effect.andThen(Deferred.await(gate), effect)
    })
  const ended = (operation: Operation, user: UserId | undefined, exit: Exit.Exit<void, StoreUnavailable>) =>
    Effect.sync(() => {
      const gate = gates.get(key(operation, user))
      gates.delete(key(operation, user))
      if (gate !== undefined) Deferred.doneUnsafe(gate, exit)
    })
  const layer = over((members) => ({
    get: (user) => through("get", user, members.get(user)),
    put: (member) => through("put", member.user.id, members.put(member)),
    remove: (user) => through("remove", user, members.remove(user)),
    size: through("size", undefined, members.size)
  }))
  return {
    layer,
    hold: (operation: Operation, user?: UserId) =>
      Effect.sync(() => void gates.set(key(operation, user), Deferred.makeUnsafe())),
    release: (operation: Operation, user?: UserId) => ended(operation, user, Exit.void),
    fail: (operation: Operation, user?: UserId) =>
      ended(operation, user, Exit.fail(unavailable("as the test wants it")))
  }
}

/** A store that does with each operation about a member what `fate` says. `members` is what it has. */
export const fickle = (fate: (operation: Operation) => Fate) => {
  const members = new Map<UserId, Member>()
  const does = <A>(operation: Operation, made: () => A) =>
    Effect.suspend(() => {
      const what = fate(operation)
      if (what === "fails") return Effect.fail(unavailable("it was not made"))
      const answer = made()
      return what === "loses" ? Effect.fail(unavailable("it was made")) : Effect.succeed(answer)
    })
  const layer = over((below) => ({
    get: (user) =>
      Effect.andThen(
        does("get", () => undefined),
        below.get(user)
      ),
    put: (member) =>
      Effect.flatMap(Effect.exit(does("put", () => void members.set(member.user.id, member))), (exit) =>
        Effect.andThen(mirrored(below, members, member.user.id), exit)
      ),
    putAll: (all) =>
      Effect.flatMap(
        Effect.exit(
          does("putAll", () => {
            for (const member of all) members.set(member.user.id, member)
          })
        ),
        (exit) =>
          Effect.andThen(
            Effect.forEach(all, ({ user }) => mirrored(below, members, user.id)),
            exit
          )
      ),
    remove: (user) =>
      Effect.flatMap(Effect.exit(does("remove", () => members.delete(user))), (exit) =>
        Effect.andThen(mirrored(below, members, user), exit)
      )
  }))
  return { layer, members }
}

const mirrored = (below: Members, members: ReadonlyMap<UserId, Member>, user: UserId) => {
  const member = members.get(user)
  return member === undefined ? below.remove(user) : below.put(member)
}

/** A store of which each operation takes so many turns as `turns` says. */
export const slow = (turns: () => number) => {
  const late = <A, E>(effect: Effect.Effect<A, E>) =>
    Effect.suspend(() => Effect.andThen(Effect.replicateEffect(Effect.yieldNow, turns(), { discard: true }), effect))
  return over((members) => ({
    get: (user) => late(members.get(user)),
    put: (member) => late(members.put(member)),
    remove: (user) => late(members.remove(user)),
    size: late(members.size)
  }))
}
