/**
 * How a guild handles a command: it looks up what the command needs, takes the step, has the store take what it changes,
 * does what the step says, and answers.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Option } from "effect"
import { concerned, type Found } from "../../domain/guild/Facts.ts"
import type { Output, Store } from "../../domain/guild/Output.ts"
import type { Protocol } from "../../domain/guild/Protocol.ts"
import type { State } from "../../domain/guild/State.ts"
import { landed, type Step, steps, wanted } from "../../domain/guild/step.ts"
import type { StoreUnavailable } from "../../domain/MemberStore.ts"
import type { NewestId } from "../../domain/NewestId.ts"
import type { Offload } from "../../domain/Offload.ts"
import type { Sampler } from "../../domain/Sampler.ts"
import * as Actor from "../Actor.ts"
import { ensuring } from "../actor/Later.ts"
import { describesAll, lookUp, factsOf } from "./facts.ts"
import type { InFlight } from "./InFlight.ts"
import type { Handle } from "./interpret.ts"

type Commands = Protocol<Handle>

/** Commands that take no member to be known. */
type Plain = "Disconnect" | "SetStatus" | "Status"

type Success<Tag extends keyof Commands> = Commands[Tag]["success"]
type Failure<Tag extends keyof Commands> = Commands[Tag]["error"] | StoreUnavailable
type Needs = Sampler | Offload

/**
 * - `newestId` is what all guilds share
 * - `state` is the guild's as it stands
 * - `perform` does what a step says, and has the guild be as it is after that
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly inFlight: InFlight
  readonly newestId: NewestId
  readonly state: () => State
  readonly perform: (
    before: State,
    after: State,
    outputs: ReadonlyArray<Output<Handle>>
  ) => Effect.Effect<void, never, Needs>
}

/** Whom a command is about comes first. */
const storeOf = ([first]: ReadonlyArray<Output<Handle>>): Store | undefined =>
  first?._tag === "Store" ? first : undefined

/**
 * `command` handles those that need to know members, `plain` the others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = ({ inFlight, newestId, perform, state }: Options) => {
  const taken = steps<Handle>()

  /** Takes the step. What waited for the store learns only now which ids there are. */
  const take = <Tag extends keyof Commands>(tag: Tag, payload: Commands[Tag]["payload"], found: Found) => {
    const step = taken[tag](state(), payload, { ...found, newestId: newestId.value })
    newestId.made(step[0].lastId)
    return step
  }

  const done = <Tag extends keyof Commands>(before: State, [after, outputs, reply]: Step<Handle, Tag>) =>
    Effect.andThen(perform(before, after, outputs), Effect.fromResult(reply))

  const command =
    <Tag extends keyof Commands>(tag: Tag) =>
    (payload: Commands[Tag]["payload"]) => {
      const needs = wanted[tag](payload)

      const decided = (
        found: Found
      ): Effect.Effect<Success<Tag> | Actor.Later<Success<Tag>, Failure<Tag>>, Failure<Tag>, Needs> => {
        const before = state()
        const step = take(tag, payload, found)
        const store = storeOf(step[1])
        if (store !== undefined) {
          // Others may have had their turn meanwhile: what comes of it is worked out for the guild as it is by then.
          const kept = Effect.suspend(() => {
            const now = state()
            return done(now, now === before ? step : [...landed<Handle>(now, store, found), step[2]])
          })
          return inFlight.keep(store, found.target, kept)
        }
        const { target: user } = needs
        const told = user === undefined ? undefined : inFlight.unknown(user)
        if (user === undefined || told === undefined) return done(before, step)
        // Nothing is to change, but it is not known what the store has of them: it is to have that before this is answered.
        const member = Option.getOrUndefined(told)
        return inFlight.keep(
          { user, member },
          told,
          Effect.suspend(() => decided(found))
        )
      }

      const begun = Effect.suspend(() => {
        const following = needs.describes === true ? inFlight.follow() : undefined
        const reply = Actor.later(lookUp(inFlight.members, needs), {
          handled: "no",
          then: (found) => {
            if (Exit.isFailure(found)) return Effect.failCause(found.cause)
            if (following === undefined || !describesAll(found.value)) return decided(found.value)
            // Of who has joined or left meanwhile those were told who were there then, and not the one who comes now.
            const roster = following.asTold(found.value.roster)
            return decided({ ...found.value, roster, memberCount: roster.length })
          }
        })
        return following === undefined ? reply : ensuring(reply, following.end)
      })
      return inFlight.inTurn(() => concerned(needs), begun)
    }

  const plain =
    <Tag extends Plain>(tag: Tag) =>
    (payload: Commands[Tag]["payload"]) => {
      const body = Effect.flatMap(factsOf(), (found) => {
        const before = state()
        const step = take(tag, payload, found)
        return Effect.orDie(done(before, step))
      })
      return inFlight.inTurnAlways(() => concerned(wanted[tag](payload)), body)
    }

  return { command, plain }
}
