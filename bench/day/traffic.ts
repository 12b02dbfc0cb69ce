/** Everything that can happen in a guild, at random, for as long as the scope is open; what may be on is on at once. */
import { Effect, type Scope } from "effect"
import { below } from "../../test/support/random.ts"
import type { Life } from "./Life.ts"
import type { Order } from "./talk.ts"
import { EVERYTHING, userOf } from "./town.ts"
import type { World } from "./world.ts"

const CONNECT = 20

/** Calls that may be under way in a guild at a time. */
const TALKERS = 4

const MOST_CREATED = 3

type Deed = (life: Life) => Effect.Effect<unknown>

/** Of what is said, that many say at once; how many do, and how many deliveries that may be at most. */
const BURSTS = 0.02
const LARGEST_BURST = 300
const MOST_DELIVERIES = 200_000

/** Those who do the same at once begin within so many milliseconds: what comes over sockets does not begin in one piece. */
const AT_ONCE_MILLIS = 50

const soon = <A>(life: Life, effect: Effect.Effect<A>): Effect.Effect<A> =>
  Effect.suspend(() => Effect.delay(effect, life.random() * AT_ONCE_MILLIS))

/** Somebody speaks, or very many do at once. */
const talk: Deed = (life) => {
  if (!life.isLikely(BURSTS)) return life.talk
  const most = Math.min(LARGEST_BURST, Math.ceil(MOST_DELIVERIES / life.place.size))
  const several = Array.from({ length: 1 + below(life.random, most) }, () => soon(life, life.talk))
  return Effect.all(several, { concurrency: "unbounded", discard: true })
}

const changeChannel: Deed = (life) => {
  const id = life.pick([...life.place.free, ...life.place.calls, ...life.created("text")])
  const channel = id === undefined ? undefined : life.model.channels.get(id)
  if (id === undefined || channel === undefined) return Effect.void
  return life.putChannel(id, { ...channel, topic: life.nextVersion(), overwrites: life.overwrites() })
}

const createOrRemoveChannel: Deed = (life) => {
  const kind = life.isLikely(0.3) ? "voice" : "text"
  const created = life.created(kind)
  const last = created.at(-1)
  if (last !== undefined && (created.length >= MOST_CREATED || life.isLikely(0.4))) return life.removeChannel(last)
  return life.putChannel("", { kind, topic: life.nextVersion(), overwrites: life.overwrites() })
}

const changeRole: Deed = (life) => {
  const { half, few, free } = life.place.roles
  const id = life.pick([...life.roles, ...free])
  if (id === undefined) return Effect.void
  // The two that decide who sees the channels of half and of few keep to that.
  return life.putRole(id, id === half ? [17] : id === few ? [] : life.permissions())
}

const createOrRemoveRole: Deed = (life) => {
  const { half, few, free } = life.place.roles
  const created = life.roles.filter((id) => ![half, few, ...free].includes(id))
  const last = created.at(-1)
  if (last !== undefined && (created.length >= MOST_CREATED || life.isLikely(0.4))) return life.removeRole(last)
  return life.putRole("", life.permissions())
}

const someRoles = (life: Life) => life.roles.filter(() => life.isLikely(0.35))

const changeMember: Deed = (life) => {
  const session = life.somebody(() => true)
  return session === undefined ? Effect.void : life.updateMember(session.user, someRoles(life))
}

/** Somebody is made to leave and comes back, with the same session, before it knows. */
const kickAndBack: Deed = (life) => {
  const session = life.somebody((one) => life.reads(one))
  if (session === undefined) return Effect.void
  const { user } = session
  return life.held(
    session.client,
    Effect.gen(function* () {
      if (!(yield* life.removeMember(user))) return
      yield* life.addMember(user, someRoles(life))
      yield* life.back(session, Effect.void)
    })
  )
}

/** Whether fewer are there than in the morning: then more come than go, so that memory is that of as many all day long. */
const isEmptier = (life: Life): boolean => life.model.sessions.size < life.place.size

/** Somebody is made to leave for good, or joins who was not there. */
const kickOrJoin: Deed = (life) => {
  const session = life.somebody((one) => life.reads(one))
  const absent = life.pick(Array.from(life.away).filter((client) => !life.model.people.has(userOf(client))))
  if (absent !== undefined && life.isLikely(isEmptier(life) ? 0.8 : 0.2)) {
    life.away.delete(absent)
    return Effect.andThen(life.addMember(userOf(absent), someRoles(life)), life.connect(absent, life.isLikely(0.4)))
  }
  if (session === undefined) return Effect.void
  const { client, user } = session
  return life.held(
    session.client,
    Effect.gen(function* () {
      if (!(yield* life.removeMember(user))) return
      const ended = life.observer.ended.get(user)
      life.observer.ended.delete(user)
      if (ended !== undefined) yield* life.last(ended)
      yield* life.order(client, { do: "stop", client })
      life.away.add(client)
    })
  )
}

/** People in calls at most, as a share of the sessions, and at least so many: else more would be there each hour. */
const IN_CALLS = 0.02
const FEWEST_IN_CALLS = 4

const call: Deed = (life) => {
  const { voice } = life.model
  const isFull = voice.size >= Math.max(FEWEST_IN_CALLS, IN_CALLS * life.place.size)
  const someone = isFull ? life.pick(Array.from(voice.keys())) : undefined
  const session = someone === undefined ? life.somebody((one) => life.reads(one)) : life.free(someone)
  if (session === undefined || !life.reads(session)) return Effect.void
  const { user } = session
  const there = voice.get(user)
  const calls = [...life.place.calls, ...life.created("voice")].filter((id) => life.model.may(user, id, CONNECT))
  const channel = there !== undefined && life.isLikely(0.4) ? undefined : life.pick(calls)
  if (channel === undefined && there === undefined) return Effect.void
  return life.held(session.client, life.call(session, channel))
}

const turn: Deed = (life) => {
  const session = life.somebody((one) => life.reads(one) && one.stream.sort.intents !== EVERYTHING)
  return session === undefined ? Effect.void : life.held(session.client, life.turn(session))
}

/** What each weighs among all that one may do. */
const DEEDS: ReadonlyArray<readonly [number, Deed]> = [
  [3, changeChannel],
  [1, createOrRemoveChannel],
  [2, changeRole],
  [1, createOrRemoveRole],
  [3, changeMember],
  [3, kickAndBack],
  [3, kickOrJoin],
  [6, call],
  [6, turn]
]
const WEIGHT = DEEDS.reduce((sum, [weight]) => sum + weight, 0)

const deed: Deed = (life) =>
  Effect.suspend(() => {
    let left = life.random() * WEIGHT
    const [, found] = DEEDS.find(([weight]) => (left -= weight) < 0) ?? []
    // Whom it is done to is chosen when it is its turn: until then others may have gone.
    return found === undefined ? Effect.void : life.lane.withPermit(Effect.suspend(() => found(life)))
  })

/** A session goes, and comes again later, or at once. */
const comeOrGo: Deed = (life) =>
  Effect.suspend(() => {
    const absent = life.pick(Array.from(life.away).filter((client) => life.model.people.has(userOf(client))))
    if (absent !== undefined && life.isLikely(isEmptier(life) ? 0.7 : 0.3)) {
      life.away.delete(absent)
      return life.connect(absent, life.isLikely(0.4))
    }
    const session = life.somebody((one) => life.reads(one))
    if (session === undefined) return Effect.void
    // Who is in a call hangs up: that changes what others see.
    const alone = <A>(effect: Effect.Effect<A>) =>
      life.model.voice.has(session.user) ? life.lane.withPermit(effect) : effect
    if (life.isLikely(0.3)) {
      const { client, user } = session
      const leaving = Effect.suspend(() => {
        life.observer.leaving.add(user)
        // Not waited for: it comes back at once.
        return life.order(client, { do: "disconnect", client })
      })
      return life.held(session.client, alone(life.back(session, leaving)))
    }
    return life.held(session.client, alone(life.leave(session)))
  })

/** Members that a search is to find at most; and how many search at once now and then. */
const WANTED = 50
const SEARCHERS = 300
const CROWDS = 0.03

/** Somebody asks for members by name. */
const search = (life: Life, world: World): Effect.Effect<unknown> =>
  Effect.suspend(() => {
    const prefix = `${below(life.random, 10)}-`
    const { people } = life.model
    const isSmall = people.size < 20 * WANTED
    const all = isSmall ? Array.from(people.keys()).filter((user) => life.named(user, prefix)).length : WANTED
    // Some may come or go meanwhile.
    const moving = () =>
      life.observer.pending.filter(({ change }) => change.do === "addMember" || change.do === "removeMember").length
    const before = life.model.memberships - moving()
    const thread = below(life.random, world.threads)
    const order: Order = { do: "find", guild: life.place.index, prefix, limit: WANTED }
    const searchers = Array.from({ length: life.isLikely(CROWDS) ? SEARCHERS : 1 }, () =>
      soon(life, world.perform(thread, [order]))
    )
    return Effect.map(Effect.all(searchers, { concurrency: "unbounded" }), (answered) => {
      const answers = answered.flat()
      const most = life.model.memberships + moving() - before
      for (const { error, found = 0 } of answers) {
        if (error === undefined && Math.abs(found - Math.min(WANTED, all)) > most) {
          life.wrong("a search found others than there are", `${prefix}: ${found} instead of ${all}`)
        }
      }
    })
  })

export interface Rates {
  /** A second. */
  readonly messages: number
  readonly deeds: number
  readonly comings: number
  readonly searches: number
}

/** Goes on until the scope closes; pauses where the life does. */
export const live = Effect.fnUntraced(function* (
  life: Life,
  world: World,
  rates: Rates
): Effect.fn.Return<void, never, Scope.Scope> {
  const repeated = (perSecond: number, one: () => Effect.Effect<unknown>, counts: boolean) => {
    const pause = Effect.suspend(() => Effect.sleep(Math.min(5_000, (2 * life.random() * 1000) / perSecond)))
    const done = Effect.suspend(() => {
      if (life.isPaused || (counts && life.isHalted)) return Effect.void
      if (!counts) return one()
      life.acting++
      return Effect.ensuring(
        one(),
        Effect.sync(() => void life.acting--)
      )
    })
    return Effect.forkScoped(
      Effect.forever(
        Effect.andThen(
          pause,
          Effect.catchCause(done, (cause) => Effect.sync(() => life.wrong("the day itself failed", String(cause))))
        )
      )
    )
  }
  for (let nth = 0; nth < TALKERS; nth++) yield* repeated(rates.messages / TALKERS, () => talk(life), false)
  yield* repeated(rates.deeds, () => deed(life), true)
  yield* repeated(rates.comings / 2, () => comeOrGo(life), true)
  yield* repeated(rates.comings / 2, () => comeOrGo(life), true)
  yield* repeated(rates.searches, () => search(life, world), true)
})
