/**
 * Everything in a guild's fiber that is not its state: its members, its relays, and its way to them.
 *
 * @since 0.1.0
 */
import { Effect, type Scope } from "effect"
import { type Address, request } from "../../domain/Actor.ts"
import { Welcomes } from "../../domain/gateway/Welcomes.ts"
import type { State } from "../../domain/guild/State.ts"
import type { Members } from "../../domain/MemberStore.ts"
import { Departures } from "../../domain/relay/Departures.ts"
import type { OutletProtocol, Protocol } from "../../domain/relay/Protocol.ts"
import { direct, type Recipient } from "../../domain/Sender.ts"
import type * as Actor from "../Actor.ts"
import * as Transport from "../Transport.ts"

/** What a guild's relays have, when it ends, to send what they hold. */
const GRACE = "1 second"

/**
 * @since 0.1.0
 * @category models
 */
export type AnyRelay = Address<Protocol> | Address<OutletProtocol>

/**
 * @since 0.1.0
 * @category models
 */
export interface Shell {
  readonly members: Members
  readonly scope: Scope.Scope
  readonly welcomes: Welcomes
  readonly relays: Relays
}

/**
 * A relay beside the guild.
 *
 * @since 0.1.0
 * @category models
 */
export type Local = Actor.Actor<Protocol>

/**
 * A guild's relays: those that run here, by index, and outlets, which stand for those at workers.
 *
 * @since 0.1.0
 * @category models
 */
export class Relays {
  readonly here = new Map<number, Local>()
  /** Sessions that have left those that run here. */
  readonly departures = new Departures<Local>()
  /** Those that have been told to stop, and have yet to work off what they were told before. */
  private readonly ending = new Set<Local>()
  private readonly outlets = new Map<string, Address<OutletProtocol>>()
  /** The same list as long as they are: what waits to be sent to the same goes together. */
  all: ReadonlyArray<AnyRelay> = []

  start(index: number, relay: Local): void {
    this.here.set(index, relay)
    this.changed()
  }

  /** No more is told to a relay. Answers with it, as one of which `ended` has to say when it is done. */
  stop(index: number): Local | undefined {
    const relay = this.here.get(index)
    this.here.delete(index)
    if (relay !== undefined) this.ending.add(relay)
    this.changed()
    return relay
  }

  ended(relay: Local): void {
    this.ending.delete(relay)
  }

  /** All that still have something to do. */
  get busy(): ReadonlyArray<Local> {
    return [...this.here.values(), ...this.ending]
  }

  serve(worker: string, outlet: Address<OutletProtocol>): void {
    this.outlets.set(worker, outlet)
    this.changed()
  }

  outlet(worker: string): Address<OutletProtocol> | undefined {
    return this.outlets.get(worker)
  }

  /** The relay with this index, or the one that stands for its worker. */
  at({ relays }: State, index: number): ReadonlyArray<AnyRelay> {
    const worker = relays[index]?.worker
    const relay = worker === undefined ? this.here.get(index) : this.outlets.get(worker)
    return relay === undefined ? [] : [relay]
  }

  private changed(): void {
    this.all = [...this.here.values(), ...this.outlets.values()]
  }
}

/**
 * What goes to relays is put into their mailboxes by the guild itself, so that nothing overtakes anything, and it waits for one
 * that is full. A sender that it shared with a relay would wait for that relay, and the relay for the sender. Whoever does not
 * take it has ended, and nobody is left there to hear of it: `otherwise` is done instead.
 *
 * @since 0.1.0
 * @category sending
 */
export const tell = <M>(
  relays: ReadonlyArray<Recipient<M>>,
  message: M,
  otherwise: Effect.Effect<void> = Effect.void
): Effect.Effect<void> => Transport.broadcast(relays, message, { sender: direct, refused: () => otherwise })

/**
 * What was acknowledged goes out yet: relays end when they have done with all that was handed to them.
 *
 * @since 0.1.0
 * @category finalizers
 */
export const lastWord = (shell: Shell): Effect.Effect<void> =>
  tell(shell.relays.all, request<Protocol, "Stop">("Stop", undefined)).pipe(
    Effect.andThen(Effect.forEach(shell.relays.busy, ({ ended }) => ended, { discard: true })),
    Effect.interruptible,
    Effect.timeoutOption(GRACE),
    Effect.ignore
  )
