/**
 * Offloads: who executes a fan-out.
 *
 * @since 0.1.0
 */
import { Effect, Layer, Queue } from "effect"
import { Offload, type Sender } from "../domain/Offload.ts"

export {
  /**
   * @since 0.1.0
   * @category contracts
   */
  Offload,
  /**
   * @since 0.1.0
   * @category models
   */
  type Recipient,
  /**
   * @since 0.1.0
   * @category models
   */
  type Sender
} from "../domain/Offload.ts"

/** Recipients served before the event loop is given back: well below a millisecond's worth. */
const SLICE = 1024

const callerSends: Sender = {
  push: ({ kept, keptMessage, message, recipients }, refused) =>
    Effect.suspend(() => {
      let index = 0
      let keptIndex = 0

      const slice = (): Effect.Effect<void> => {
        const end = Math.min(index + SLICE, recipients.length)
        while (index < end) {
          const keeps = kept[keptIndex] === index
          if (keeps) keptIndex++
          const outgoing = keeps ? keptMessage : message
          const recipient = recipients[index++]
          if (recipient === undefined || Queue.offerUnsafe(recipient.mailbox, outgoing)) continue
          // A full mailbox that suspends is waited for; whatever else did not take the message never will.
          return recipient.mailbox.strategy === "suspend"
            ? Effect.flatMap(Queue.offer(recipient.mailbox, outgoing), (taken) =>
                taken ? Effect.void : refused(recipient)
              )
            : refused(recipient)
        }
        return index < recipients.length ? Effect.yieldNow : Effect.void
      }

      return Effect.whileLoop({ while: () => index < recipients.length, body: slice, step: () => {} })
    })
}

/**
 * The caller does it itself, in slices. Right for small guilds: nothing is faster while the fan-out is short.
 *
 * @since 0.1.0
 * @category layers
 */
export const inline: Layer.Layer<Offload> = Layer.succeed(Offload, { sender: Effect.succeed(callerSends) })
