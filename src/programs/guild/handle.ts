/**
 * How a guild handles a command: it looks up what the command needs, takes the step, has the store take what it changes,
 * does what the step says, and answers.
 *
 * @since 0.1.0
 */
import { Effect, Exit, Option } from "effect"
import { concerned, type Facts } from "../../domain/guild/Facts.ts"
import type { Output, Store } from "../../domain/guild/Output.ts"
import type { Protocol } from "../../domain/guild/Protocol.ts"
import type { State } from "../../domain/guild/State.ts"
import { landed, type Step, steps, wanted } from "../../domain/guild/step.ts"
import type { StoreUnavailable } from "../../domain/MemberStore.ts"
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
 * - `state` is the guild's as it stands
 * - `perform` does what a step says, and has the guild be as it is after that
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly inFlight: InFlight
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
export const make = ({ inFlight, perform, state }: Options) => {
  const taken = steps<Handle>()

  const done = <Tag extends keyof Commands>(before: State, [after, outputs, reply]: Step<Handle, Tag>) =>
    Effect.andThen(perform(before, after, outputs), Effect.fromResult(reply))

  const command =
    <Tag extends keyof Commands>(tag: Tag) =>
    (payload: Commands[Tag]["payload"]) => {
      const needs = wanted[tag](payload)

      const decided = (
        facts: Facts
      ): Effect.Effect<Success<Tag> | Actor.Later<Success<Tag>, Failure<Tag>>, Failure<Tag>, Needs> => {
        const before = state()
        const step = taken[tag](before, payload, facts)
        const store = storeOf(step[1])
        if (store !== undefined) {
          // Others may have had their turn meanwhile: what comes of it is worked out for the guild as it is by then.
          const kept = Effect.suspend(() => {
            const now = state()
            return done(now, now === before ? step : [...landed<Handle>(now, store, facts), step[2]])
          })
          return inFlight.keep(store, facts.target, kept)
        }
        const { target: user } = needs
        const told = user === undefined ? undefined : inFlight.unknown(user)
        if (user === undefined || told === undefined) return done(before, step)
        // Nothing is to change, but it is not known what the store has of them: it is to have that before this is answered.
        const member = Option.getOrUndefined(told)
        return inFlight.keep(
          { user, member },
          told,
          Effect.suspend(() => decided(facts))
        )
      }

      const begun = Effect.suspend(() => {
        const following = needs.describes === true ? inFlight.follow() : undefined
        const reply = Actor.later(lookUp(inFlight.members, needs), {
          handled: "no",
          then: (found) => {
            if (Exit.isFailure(found)) return Effect.failCause(found.cause)
            const facts = found.value
            if (following === undefined || !describesAll(facts)) return decided(facts)
            // Of who has joined or left meanwhile those were told who were there then, and not the one who comes now.
            const roster = following.asTold(facts.roster)
            return decided({ ...facts, roster, memberCount: roster.length })
          }
        })
        return following === undefined ? reply : ensuring(reply, following.end)
      })
      return inFlight.inTurn(() => concerned(needs), begun)
    }

  const plain =
    <Tag extends Plain>(tag: Tag) =>
    (payload: Commands[Tag]["payload"]) => {
      const body = Effect.flatMap(factsOf(), (facts) => {
        const before = state()
        return Effect.orDie(done(before, taken[tag](before, payload, facts)))
      })
      return inFlight.inTurnAlways(() => concerned(wanted[tag](payload)), body)
    }

  return { command, plain }
}
