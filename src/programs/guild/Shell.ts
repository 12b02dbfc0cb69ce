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
 * `relays` are those that run here, by index; `outlets` stand for those at workers, by the worker's name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shell {
  readonly members: Members
  readonly sender: Sender
  readonly scope: Scope.Scope
  readonly welcomes: Welcomes
  readonly relays: Map<number, Actor.Actor<Protocol>>
  readonly outlets: Map<string, Address<OutletProtocol>>
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
 * All relays, wherever they are.
 *
 * @since 0.1.0
 * @category getters
 */
export const all = ({ outlets, relays }: Shell): ReadonlyArray<AnyRelay> => [...relays.values(), ...outlets.values()]

/**
 * The relay with this index, or the one that stands for its worker.
 *
 * @since 0.1.0
 * @category getters
 */
export const relayAt = (
  { outlets, relays }: Shell,
  { relays: states }: State,
  index: number
): ReadonlyArray<AnyRelay> => {
  const worker = states[index]?.worker
  const relay = worker === undefined ? relays.get(index) : outlets.get(worker)
  return relay === undefined ? [] : [relay]
}

/**
 * What was acknowledged goes out yet: relays end when they have done with all that was handed to them.
 *
 * @since 0.1.0
 * @category finalizers
 */
export const lastWord = (shell: Shell): Effect.Effect<void> =>
  tell(shell, all(shell), request<Protocol, "Stop">("Stop", undefined)).pipe(
    Effect.andThen(Effect.forEach(shell.relays.values(), ({ ended }) => ended, { discard: true })),
    Effect.interruptible,
    Effect.timeoutOption(GRACE),
    Effect.ignore
  )
