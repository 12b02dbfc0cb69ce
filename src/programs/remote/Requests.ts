/**
 * A worker's requests to one guild, as they are written to the link.
 *
 * @since 0.1.0
 */
import { Cause, Effect, Exit } from "effect"
import { ActorStopped, type Request } from "../../domain/Actor.ts"
import * as Envelope from "../../domain/Envelope.ts"
import type { GuildId } from "../../domain/Ids.ts"
import * as Wire from "../../domain/remote/Wire.ts"
import type { Link } from "../../domain/Worker.ts"
import type { Pending, Protocol } from "./Pending.ts"

/**
 * Whoever waits for an answer gets one, also when the request cannot be written, or the link is gone.
 *
 * @since 0.1.0
 * @category models
 */
export class Requests {
  private readonly guild: GuildId
  private readonly link: Link
  private readonly pending: Pending
  private readonly unanswered = new Set<number>()
  private isOver = false

  constructor(guild: GuildId, link: Link, pending: Pending) {
    this.guild = guild
    this.link = link
    this.pending = pending
  }

  /** Why a request is not sent any more. */
  refusal(request: string): ActorStopped | undefined {
    return this.isOver ? new ActorStopped({ kind: "guild", request, handled: "no" }) : undefined
  }

  /** The number of a request whose answer somebody waits for. Once there is an answer, `done` is called. */
  number<T extends Wire.RequestTag>(
    { call, tag }: Request<Protocol, T>,
    done: (number: number, answer: Wire.Answer<T>) => void
  ): number | undefined {
    const number = this.pending.add(tag, call, (number, answer) => {
      this.unanswered.delete(number)
      done(number, answer)
    })
    if (number !== undefined) this.unanswered.add(number)
    return number
  }

  /** Sends a request. What cannot be written is logged: its caller is told, and what comes after it can be written. */
  send(
    incoming: Request<Protocol> | Envelope.Envelope<Request<Protocol>>,
    number: number | undefined
  ): Effect.Effect<void> | undefined {
    const [request, carrier] = Envelope.isEnvelope(incoming) ? [incoming.message, incoming.carrier] : [incoming]
    const { call, tag } = request
    try {
      const envelope = Envelope.make(this.outgoing(request), carrier)
      const numbered = number === undefined ? undefined : { number }
      const text = Wire.encodeUp({ _tag: "Request", guild: this.guild, request: envelope, ...numbered })
      if (!this.isOver && this.link.send(text)) {
        // From here on nobody can tell whether it is handled.
        if (call !== undefined) call.phase = "handling"
        return undefined
      }
      this.isOver = true
      this.pending.end(number, Exit.fail(new ActorStopped({ kind: "guild", request: tag, handled: "no" })))
      return undefined
    } catch (defect) {
      this.pending.end(number, Exit.die(defect))
      return Effect.logError(`${tag} could not be written`, Cause.die(defect))
    }
  }

  /** Nobody waits for an answer any more, and the guild's end is to stop working on it. */
  abandon(number: number): void {
    if (!this.pending.abandon(number)) return
    this.unanswered.delete(number)
    if (!this.isOver) this.link.send(Wire.encodeUp({ _tag: "Abandoned", guild: this.guild, number }))
  }

  /** Nothing is sent any more. Those who wait are told that their request may have been handled. */
  end(): void {
    this.isOver = true
    const stopped = new ActorStopped({ kind: "guild", request: "a request", handled: "maybe" })
    for (const number of Array.from(this.unanswered)) this.pending.end(number, Exit.fail(stopped))
  }

  private outgoing<T extends Wire.RequestTag>({ payload, tag }: Request<Protocol, T>): Wire.Request {
    return { tag, payload: Wire.ways[tag].payload.encodeSync(payload) }
  }
}
