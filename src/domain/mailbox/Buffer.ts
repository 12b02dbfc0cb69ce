/**
 * What lies in a mailbox, first in, first out. Most are empty most of the time and then get one message, so one has its
 * place in the buffer itself, and only what comes on top makes a list.
 *
 * @since 0.1.0
 */

/**
 * What is taken from a buffer that is empty.
 *
 * @since 0.1.0
 * @category models
 */
export const EMPTY: unique symbol = Symbol.for("~fanfare/Mailbox/Empty")

interface Node<in out A> {
  readonly message: A
  next: Node<A> | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export class Buffer<in out A> {
  length = 0
  private first: A | typeof EMPTY = EMPTY
  private rest: Node<A> | undefined
  private last: Node<A> | undefined

  push(message: A): void {
    if (this.length++ === 0) {
      this.first = message
      return
    }
    const node: Node<A> = { message, next: undefined }
    if (this.last === undefined) this.rest = node
    else this.last.next = node
    this.last = node
  }

  /** Puts back the message that was taken last: it is the oldest again. */
  unshift(message: A): void {
    const second = this.first
    this.first = message
    this.length++
    if (second === EMPTY) return
    this.rest = { message: second, next: this.rest }
    this.last ??= this.rest
  }

  /** Takes the oldest message. */
  shift(): A | typeof EMPTY {
    const message = this.first
    if (message !== EMPTY) this.drop()
    return message
  }

  /** Forgets the oldest. */
  drop(): void {
    const node = this.rest
    if (this.length > 0) this.length--
    this.first = node === undefined ? EMPTY : node.message
    this.rest = node?.next
    if (this.rest === undefined) this.last = undefined
  }

  /** Visits all that lie here, the oldest first. */
  each(visit: (message: A) => void): void {
    if (this.first !== EMPTY) visit(this.first)
    for (let node = this.rest; node !== undefined; node = node.next) visit(node.message)
  }

  clear(): void {
    this.length = 0
    this.first = EMPTY
    this.rest = undefined
    this.last = undefined
  }
}
