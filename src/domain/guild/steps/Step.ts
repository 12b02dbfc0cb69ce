/**
 * What all steps are made of.
 *
 * @since 0.1.0
 */
import { Result } from "effect"
import type { Facts } from "../Facts.ts"
import type { Output } from "../Output.ts"
import type { Protocol } from "../Protocol.ts"
import type { State } from "../State.ts"

/**
 * @since 0.1.0
 * @category models
 */
export type Step<H, Tag extends keyof Protocol<H>> = readonly [
  state: State,
  outputs: ReadonlyArray<Output<H>>,
  reply: Result.Result<Protocol<H>[Tag]["success"], Protocol<H>[Tag]["error"]>
]

/**
 * The steps of some commands.
 *
 * @since 0.1.0
 * @category models
 */
export type Steps<H, Tags extends keyof Protocol<H>> = {
  readonly [Tag in Tags]: (state: State, payload: Protocol<H>[Tag]["payload"], facts: Facts) => Step<H, Tag>
}

/** What a step comes to that is not refused. */
type Taken<H, A> = readonly [state: State, outputs: ReadonlyArray<Output<H>>, answer: A]

/**
 * A step as it was taken, or nothing but the reason why it was not.
 *
 * @since 0.1.0
 * @category constructors
 */
export const stepped = <H, A, E>(
  state: State,
  taken: Result.Result<Taken<H, A>, E>
): readonly [State, ReadonlyArray<Output<H>>, Result.Result<A, E>] =>
  Result.isSuccess(taken)
    ? [taken.success[0], taken.success[1], Result.succeed(taken.success[2])]
    : [state, [], Result.fail(taken.failure)]
