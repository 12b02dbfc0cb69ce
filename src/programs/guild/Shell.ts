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
import type { OutletProtocol, Protocol } from "../../domain/relay/Protocol.ts"
import type { Recipient, Sender } from "../../domain/Sender.ts"
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
  readonly sender: Sender
  readonly scope: Scope.Scope
  readonly welcomes: Welcomes
  readonly relays: Relays
}

/**
 * A guild's relays: those that run here, by index, and outlets, which stand for those at workers.
 *
 * @since 0.1.0
 * @category models
 */
export class Relays {
  readonly here = new Map<number, Actor.Actor<Protocol>>()
  private readonly outlets = new Map<string, Address<OutletProtocol>>()
  /** The same list as long as they are: what waits to be sent to the same goes together. */
  all: ReadonlyArray<AnyRelay> = []

  start(index: number, relay: Actor.Actor<Protocol>): void {
    this.here.set(index, relay)
    this.changed()
  }

  stop(index: number): void {
    this.here.delete(index)
    this.changed()
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
 * All that goes to relays takes the guild's one sender, so that nothing overtakes anything. Whoever does not take it has
 * ended, and nobody is left there to hear of it.
 *
 * @since 0.1.0
 * @category sending
 */
export const tell = <M>({ sender }: Shell, relays: ReadonlyArray<Recipient<M>>, message: M): Effect.Effect<void> =>
  Transport.broadcast(relays, message, { sender })

/**
 * What was acknowledged goes out yet: relays end when they have done with all that was handed to them.
 *
 * @since 0.1.0
 * @category finalizers
 */
export const lastWord = (shell: Shell): Effect.Effect<void> =>
  tell(shell, shell.relays.all, request<Protocol, "Stop">("Stop", undefined)).pipe(
    Effect.andThen(Effect.forEach(shell.relays.here.values(), ({ ended }) => ended, { discard: true })),
    Effect.interruptible,
    Effect.timeoutOption(GRACE),
    Effect.ignore
  )
