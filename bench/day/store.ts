/** A member store that is slow now and then, and fails now and then: before a change is made, or after it. */
import { Effect, Layer, Stream } from "effect"
import { MemberStore } from "../../src/index.ts"

/** Shares of what is asked. `isOn`: whether it does so at present. */
export interface Mood {
  isOn: boolean
  readonly slow: number
  readonly fails: number
  readonly loses: number
}

const SLOWEST_MILLIS = 20
const SLOWEST_SCAN_MILLIS = 400

export const moody = (
  working: Layer.Layer<MemberStore.MemberStore>,
  mood: Mood,
  random: () => number
): Layer.Layer<MemberStore.MemberStore> =>
  Layer.effect(
    MemberStore.MemberStore,
    Effect.gen(function* () {
      const store = yield* MemberStore.MemberStore
      const is = (share: number) => mood.isOn && random() < share
      return {
        open: (guild) =>
          Effect.map(store.open(guild), (members): MemberStore.Members => {
            const unavailable = (cause: string) => new MemberStore.StoreUnavailable({ guild, cause: new Error(cause) })
            const asked = <A>(
              effect: Effect.Effect<A, MemberStore.StoreUnavailable>,
              loses = 0
            ): Effect.Effect<A, MemberStore.StoreUnavailable> =>
              Effect.suspend(() => {
                if (!mood.isOn) return effect
                const failing = is(mood.fails) ? Effect.fail(unavailable("before the change")) : effect
                const lost = is(loses) ? Effect.andThen(failing, Effect.fail(unavailable("after the change"))) : failing
                return is(mood.slow) ? Effect.delay(lost, Math.ceil(random() * SLOWEST_MILLIS)) : lost
              })
            const scanned = <A, E>(effect: Effect.Effect<A, E>): Effect.Effect<A, E> =>
              Effect.suspend(() => (mood.isOn ? Effect.delay(effect, random() * SLOWEST_SCAN_MILLIS) : effect))
            return {
              get: (user) => asked(members.get(user)),
              put: (member) => asked(members.put(member), mood.loses),
              putAll: (all) => asked(members.putAll(all)),
              remove: (user) => asked(members.remove(user), mood.loses),
              size: asked(members.size),
              page: (after, limit) => asked(members.page(after, limit)),
              scan: (query, options) => Stream.unwrap(scanned(Effect.sync(() => members.scan(query, options)))),
              ids: (query, options) => scanned(members.ids(query, options))
            }
          })
      }
    })
  ).pipe(Layer.provide(working))
