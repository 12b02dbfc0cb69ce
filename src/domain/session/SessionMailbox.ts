/**
 * A session's mailbox: what lies in it is counted in bytes as well.
 *
 * @since 0.1.0
 */
import * as Envelope from "../Envelope.ts"
import { EMPTY } from "../mailbox/Buffer.ts"
import { MailboxImpl } from "../mailbox/MailboxImpl.ts"
import type { RunQueue } from "../mailbox/RunQueue.ts"
import type { Share } from "./Backlog.ts"
import type { SessionMessage } from "./Session.ts"

type Incoming = SessionMessage | Envelope.Envelope<SessionMessage>

/**
 * It takes nothing while it holds `share.backlog.limits.session` bytes or more, or its user's sessions all together as much
 * as they may: who offers learns of it, as if there were too many messages.
 *
 * @since 0.1.0
 * @category models
 */
export class SessionMailbox extends MailboxImpl<Incoming, never> {
  private readonly share: Share
  private bytes = 0

  constructor(capacity: number, runQueue: RunQueue, share: Share) {
    super(capacity, "dropping", runQueue)
    this.share = share
  }

  override offerUnsafe(message: Incoming): boolean {
    const { share } = this
    return this.bytes < share.backlog.limits.session && !share.isFull && super.offerUnsafe(message)
  }

  override push(incoming: Incoming): void {
    const message = Envelope.isEnvelope(incoming) ? incoming.message : incoming
    if (message._tag === "Payload") {
      this.bytes += message.octets.length
      this.share.came(message)
    }
    super.push(incoming)
  }

  override shift(): Incoming | typeof EMPTY {
    const incoming = super.shift()
    if (incoming === EMPTY) return EMPTY
    const message = Envelope.isEnvelope(incoming) ? incoming.message : incoming
    if (message._tag === "Payload") {
      this.bytes -= message.octets.length
      this.share.went(message)
    }
    return incoming
  }

  override clear(): void {
    while (this.shift() !== EMPTY);
  }
}
