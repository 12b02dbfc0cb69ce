/**
 * Where an actor stands between being prepared and its end, and what that means for a request.
 *
 * @since 0.1.0
 */
import { Cause } from "effect"
import { ActorDied, ActorNotStarted, ActorStopped } from "../../domain/Actor.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Phase =
  | { readonly _tag: "Prepared" }
  | { readonly _tag: "NotStarted"; readonly error: ActorNotStarted }
  | { readonly _tag: "Running" }
  | { readonly _tag: "Stopped" }
  | { readonly _tag: "Died"; readonly cause: Cause.Cause<unknown> }

/**
 * The error of an actor that died of the cause; without a request, of its whole life.
 *
 * @since 0.1.0
 * @category errors
 */
export const died = (kind: string, handled: "no" | "maybe", cause: Cause.Cause<unknown>, request?: string): ActorDied =>
  new ActorDied({
    kind,
    handled,
    cause: Cause.squash(cause),
    ...(request === undefined ? undefined : { request }),
    ...(Cause.hasInterruptsOnly(cause) ? { isInterrupted: true } : undefined)
  })

/**
 * Why an actor in this phase takes no requests; `undefined` when it does.
 *
 * @since 0.1.0
 * @category errors
 */
export const refusal = (
  kind: string,
  phase: Phase,
  request: string
): ActorNotStarted | ActorStopped | ActorDied | undefined => {
  switch (phase._tag) {
    case "Running":
      return undefined
    case "Prepared":
      return new ActorNotStarted({ kind, request, handled: "no" })
    case "NotStarted":
      return new ActorNotStarted({ kind, request, handled: "no", cause: phase.error.cause })
    case "Stopped":
      return new ActorStopped({ kind, request, handled: "no" })
    case "Died":
      return died(kind, "no", phase.cause, request)
  }
}
