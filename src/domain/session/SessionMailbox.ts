/**
 * A session's mailbox: while its client does not keep up, what lies in it is counted in bytes as well.
 *
 * @since 0.1.0
 */
import * as Envelope from "../Envelope.ts"
import type { LimitName } from "../LimitName.ts"
import { EMPTY } from "../mailbox/Buffer.ts"
import { MailboxImpl } from "../mailbox/MailboxImpl.ts"
import type { RunQueue } from "../mailbox/RunQueue.ts"
import type { Share, Waiting } from "./Backlog.ts"
import type { SessionMessage } from "./Session.ts"

type Incoming = SessionMessage | Envelope.Envelope<SessionMessage>

const payloadOf = (incoming: Incoming): Waiting | undefined => {
  const message = Envelope.isEnvelope(incoming) ? incoming.message : incoming
  return message._tag === "Payload" ? message : undefined
}

/** What lies in a mailbox, and whose it is. */
interface Counted {
  readonly share: Share
  bytes: number
}

/**
 * While it counts, it takes nothing once it holds as many bytes as a session may have waiting, or its user's sessions all
 * together as many as they may: who offers learns of it, as if there were too many messages.
 *
 * Of a client that keeps up nothing is counted: it has been handed all there is within milliseconds, and to count it would
 * take a tenth of a delivery.
 *
 * @since 0.1.0
 * @category models
 */
export class SessionMailbox extends MailboxImpl<Incoming, never> {
  private counted: Counted | undefined = undefined

  constructor(capacity: number, runQueue: RunQueue) {
    super(capacity, "dropping", runQueue)
  }

  /** The client does not keep up: what lies here is counted, and what comes, until all of it has been taken. */
  count(share: Share): void {
    if (this.counted !== undefined) return
    const counted: Counted = { share, bytes: 0 }
    this.counted = counted
    this.each((incoming) => came(counted, incoming))
  }

  /** What it has as much of as it may, when it takes no more. */
  get limit(): LimitName {
    const { counted } = this
    if (counted === undefined || !isFull(counted)) return "waiting-messages"
    return counted.share.isFull ? "waiting-per-user" : "waiting-per-session"
  }

  override offerUnsafe(message: Incoming): boolean {
    return !(this.counted !== undefined && isFull(this.counted)) && super.offerUnsafe(message)
  }

  override push(incoming: Incoming): void {
    super.push(incoming)
    if (this.counted !== undefined) came(this.counted, incoming)
  }

  override shift(): Incoming | typeof EMPTY {
    const incoming = super.shift()
    if (this.counted !== undefined && incoming !== EMPTY) {
      went(this.counted, incoming)
      if (this.length === 0) this.counted = undefined
    }
    return incoming
  }

  override clear(): void {
    if (this.counted === undefined) return super.clear()
    while (this.shift() !== EMPTY);
  }
}

const isFull = ({ bytes, share }: Counted): boolean => bytes >= share.backlog.limits.session || share.isFull

const came = (counted: Counted, incoming: Incoming): void => {
  const payload = payloadOf(incoming)
  if (payload === undefined) return
  counted.bytes += payload.octets.length
  counted.share.came(payload)
}

const went = (counted: Counted, incoming: Incoming): void => {
  const payload = payloadOf(incoming)
  if (payload === undefined) return
  counted.bytes -= payload.octets.length
  counted.share.went(payload)
}
