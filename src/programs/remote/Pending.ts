/**
 * Answers that a worker waits for.
 *
 * @since 0.1.0
 */
import { Deferred, Effect, Exit, type Schema } from "effect"
import type { ActorStopped, CallOf } from "../../domain/Actor.ts"
import type { ReadProtocol } from "../../domain/guild/Protocol.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type { UserIds } from "../../domain/UserIds.ts"
import type * as Guild from "../Guild.ts"

/**
 * All that a guild is asked, and what is asked of its members beside it.
 *
 * @since 0.1.0
 * @category models
 */
export interface Protocol extends Guild.Protocol, ReadProtocol {}

interface Waiting {
  readonly parts: Array<UserIds>
  readonly answer: (exit: unknown) => Effect.Effect<void, Schema.SchemaError>
  readonly end: (exit: Exit.Exit<never, ActorStopped>) => void
}

/**
 * Answers that are waited for, by the number of their request.
 *
 * @since 0.1.0
 * @category models
 */
export class Pending {
  private next = 0
  private readonly waiting = new Map<number, Waiting>()

  /** A request has no number if nobody waits for its answer. Once there is an answer, `done` is called. */
  add<T extends Wire.RequestTag>(
    tag: T,
    call: CallOf<Protocol, T> | undefined,
    done: (number: number, answer: Wire.Answer<T>) => void
  ): number | undefined {
    if (call === undefined) return undefined
    const number = this.next++
    const answered = (answer: Wire.Answer<T>) => {
      Deferred.doneUnsafe(call.reply, answer)
      done(number, answer)
    }
    const parts: Array<UserIds> = []
    this.waiting.set(number, {
      parts,
      answer: (exit) =>
        Effect.map(
          Effect.catch(Wire.ways[tag].answer.decode(exit, parts), (error) => Effect.succeed(Exit.die(error))),
          answered
        ),
      end: answered
    })
    return number
  }

  /** A part of an answer that is not yet all there. */
  part(number: number, users: UserIds): void {
    this.waiting.get(number)?.parts.push(users)
  }

  answer(number: number, exit: unknown): Effect.Effect<void, Schema.SchemaError> {
    return this.taken(number)?.answer(exit) ?? Effect.void
  }

  end(number: number | undefined, exit: Exit.Exit<never, ActorStopped>): void {
    if (number !== undefined) this.taken(number)?.end(exit)
  }

  /** Nobody waits for this answer any more. Says whether somebody did. */
  abandon(number: number): boolean {
    return this.waiting.delete(number)
  }

  private taken(number: number): Waiting | undefined {
    const waiting = this.waiting.get(number)
    this.waiting.delete(number)
    return waiting
  }
}
