/**
 * The guild, as a function: from its state and a command to the next state, what to do about it, and the answer.
 *
 * It reads no clock and no store. What it needs of them comes as {@link Facts}, so that a run can be replayed.
 *
 * @since 0.1.0
 */
import type { Facts } from "./Facts.ts"
import type { Protocol } from "./Protocol.ts"
import type { State } from "./State.ts"
import { channels } from "./steps/channels.ts"
import { members } from "./steps/members.ts"
import { messages } from "./steps/messages.ts"
import { roles } from "./steps/roles.ts"
import { sessions } from "./steps/sessions.ts"
import type { Step, Steps } from "./steps/Step.ts"
import { voice } from "./steps/voice.ts"

export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Facts,
  /**
   * @since 0.1.0
   * @category getters
   */
  wanted
} from "./Facts.ts"
export {
  /**
   * @since 0.1.0
   * @category transitions
   */
  landed
} from "./steps/members.ts"
export {
  /**
   * @since 0.1.0
   * @category models
   */
  type Step
} from "./steps/Step.ts"

/**
 * The steps of a guild whose sessions are reached by handles of this kind.
 *
 * @since 0.1.0
 * @category constructors
 */
export const steps = <H>(): Steps<H, keyof Protocol<H>> => ({
  ...messages<H>(),
  ...sessions<H>(),
  ...roles<H>(),
  ...channels<H>(),
  ...members<H>(),
  ...voice<H>()
})

/**
 * One step, for who takes no more than a few: a guild makes its `steps` once.
 *
 * @since 0.1.0
 * @category transitions
 */
export const step = <H, Tag extends keyof Protocol<H>>(
  state: State,
  tag: Tag,
  payload: Protocol<H>[Tag]["payload"],
  facts: Facts
): Step<H, Tag> => steps<H>()[tag](state, payload, facts)
