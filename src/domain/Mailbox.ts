/**
 * A fiber's queue: many put messages in, one fiber takes them out. The vocabulary and semantics of Effect's `Queue`, for
 * a single consumer.
 *
 * What is special about it is its price. An empty mailbox holds no list, and its owner is woken by a push onto a line
 * that all share (`RunQueue`): a delivery to a fiber that waits costs a fraction of what it does through a `Queue`. A
 * plain `Queue` is accepted wherever a mailbox is.
 *
 * @example
 * ```ts
 * import { Effect } from "effect"
 * import { Mailbox } from "fanfare"
 *
 * const program = Effect.gen(function* () {
 *   const mailbox = yield* Mailbox.bounded<string>(16)
 *   yield* Mailbox.offer(mailbox, "hello")
 *   return yield* Mailbox.take(mailbox) // "hello"
 * })
 * ```
 *
 * @since 0.1.0
 */
import { type Array as Arr, Cause, Effect, Pull, Queue } from "effect"
import type { Envelope } from "./Envelope.ts"
import * as Consumer from "./mailbox/Consumer.ts"
import { MailboxImpl, type Strategy } from "./mailbox/MailboxImpl.ts"
import * as RunQueue from "./mailbox/RunQueue.ts"

export type {
  /**
   * @since 0.1.0
   * @category models
   */
  Strategy
} from "./mailbox/MailboxImpl.ts"

/**
 * The side of a mailbox that senders hold.
 *
 * @since 0.1.0
 * @category models
 */
export interface Enqueue<in A, in E = never> {
  readonly capacity: number
  readonly strategy: Strategy
  /** Puts a message in if there is room for it, or room can be made. */
  readonly offerUnsafe: (message: A) => boolean
  /** Whether the owner waits for a message, and handled the last one without an effect (see {@link consume}). */
  readonly isIdle: boolean
  /** Has an owner who is idle handle a message at once, in what the run queue serves; answers whether it did. */
  readonly transferUnsafe: (message: A) => boolean
  readonly offer: (message: A) => Effect.Effect<boolean>
  readonly offerAll: <B extends A>(messages: Iterable<B>) => Effect.Effect<Array<B>>
  readonly failCauseUnsafe: (cause: Cause.Cause<E>) => boolean
  readonly shutdownUnsafe: () => boolean
}

/**
 * The side of a mailbox that its owner holds.
 *
 * @since 0.1.0
 * @category models
 */
export interface Dequeue<out A, out E = never> {
  readonly capacity: number
  readonly strategy: Strategy
  readonly length: number
  readonly take: () => Effect.Effect<A, E>
  readonly takeAll: () => Effect.Effect<Arr.NonEmptyArray<A>, E>
}

/**
 * A mailbox, with both its sides.
 *
 * @since 0.1.0
 * @category models
 */
export interface Mailbox<in out A, in out E = never> extends MailboxImpl<A, E> {}

/**
 * Where messages go: any mailbox, any `Queue`. They go bare or enveloped; whoever takes them out tells the two apart.
 *
 * @since 0.1.0
 * @category models
 */
export type Outbox<M> = Enqueue<M | Envelope<M>> | Queue.Enqueue<M | Envelope<M>>

/**
 * Where messages come from: any mailbox, any `Queue`.
 *
 * @since 0.1.0
 * @category models
 */
export type Inbox<M, E = never> = Dequeue<M | Envelope<M>, E> | Queue.Dequeue<M | Envelope<M>, E>

/** How many messages a mailbox holds of which nothing else is said. */
const CAPACITY = 1024

/**
 * What is said of a mailbox to have it made: `capacity` is 1,024 by default, and senders wait when it is full unless the
 * strategy is another.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly capacity?: number
  readonly strategy?: Strategy
}

/**
 * Makes mailboxes that are all alike, for those who need many. A capacity below 1 is a defect.
 *
 * @since 0.1.0
 * @category constructors
 */
export const maker = <A, E = never>({ capacity = CAPACITY, strategy = "suspend" }: Options = {}): Effect.Effect<
  () => Mailbox<A, E>
> =>
  Effect.withFiber((fiber) => {
    const runQueue = RunQueue.of(fiber)
    return capacity >= 1
      ? Effect.succeed(() => new MailboxImpl<A, E>(capacity, strategy, runQueue))
      : Effect.die(new RangeError(`A mailbox holds 1 message or more, not ${capacity}: use a Queue to meet at`))
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = <A, E = never>(options?: Options): Effect.Effect<Mailbox<A, E>> =>
  Effect.map(maker<A, E>(options), (make) => make())

/**
 * Senders wait when it is full: backpressure.
 *
 * @since 0.1.0
 * @category constructors
 */
export const bounded = <A, E = never>(capacity: number): Effect.Effect<Mailbox<A, E>> => make({ capacity })

/**
 * What does not fit is dropped, and its sender told so.
 *
 * @since 0.1.0
 * @category constructors
 */
export const dropping = <A, E = never>(capacity: number): Effect.Effect<Mailbox<A, E>> =>
  make({ capacity, strategy: "dropping" })

/**
 * What does not fit replaces the oldest.
 *
 * @since 0.1.0
 * @category constructors
 */
export const sliding = <A, E = never>(capacity: number): Effect.Effect<Mailbox<A, E>> =>
  make({ capacity, strategy: "sliding" })

/**
 * Holds whatever comes. Something else has to see to it that it does not grow without end.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unbounded = <A, E = never>(): Effect.Effect<Mailbox<A, E>> => make({ capacity: Number.POSITIVE_INFINITY })

/**
 * Puts a message in; waits when there is no room and the strategy is to suspend. Answers `false` when it was not taken.
 *
 * @since 0.1.0
 * @category offering
 */
export const offer = <M>(to: Enqueue<M> | Queue.Enqueue<M>, message: M): Effect.Effect<boolean> =>
  "offerUnsafe" in to ? to.offer(message) : Queue.offer(to, message)

/**
 * Puts a message in if that needs no waiting; otherwise answers `false`.
 *
 * @since 0.1.0
 * @category offering
 */
export const offerUnsafe = <M>(to: Enqueue<M> | Queue.Enqueue<M>, message: M): boolean =>
  "offerUnsafe" in to ? to.offerUnsafe(message) : Queue.offerUnsafe(to, message)

/**
 * Whether the owner of a mailbox waits for a message, and would handle it at once.
 *
 * @since 0.1.0
 * @category getters
 */
export const isIdle = <M>(to: Enqueue<M> | Queue.Enqueue<M>): boolean => "isIdle" in to && to.isIdle

/**
 * Has the owner of a mailbox handle a message at once if it is idle, in a fan-out that the run queue serves; otherwise puts it
 * in like {@link offerUnsafe}.
 *
 * @since 0.1.0
 * @category offering
 */
export const deliverUnsafe = <M>(to: Enqueue<M> | Queue.Enqueue<M>, message: M): boolean =>
  ("transferUnsafe" in to && to.transferUnsafe(message)) || offerUnsafe(to, message)

/**
 * Puts messages in, as many as find room; waits for the others when the strategy is to suspend. Answers with those that
 * were not taken.
 *
 * @since 0.1.0
 * @category offering
 */
export const offerAll = <A, E, B extends A>(to: Enqueue<A, E>, messages: Iterable<B>): Effect.Effect<Array<B>> =>
  to.offerAll(messages)

/**
 * Takes the oldest message; waits for one. When the mailbox has ended and nothing is left in it, fails as it was ended. A
 * message that was taken arrives, also when the fiber is interrupted.
 *
 * @since 0.1.0
 * @category taking
 */
export const take = <A, E>(from: Dequeue<A, E> | Queue.Dequeue<A, E>): Effect.Effect<A, E> =>
  "take" in from ? from.take() : Queue.take(from)

/**
 * Takes all messages that are there; waits for one.
 *
 * @since 0.1.0
 * @category taking
 */
export const takeAll = <A, E>(from: Dequeue<A, E>): Effect.Effect<Arr.NonEmptyArray<A>, E> => from.takeAll()

/**
 * Takes all messages there are until the mailbox has ended.
 *
 * @since 0.1.0
 * @category taking
 */
export const collect = <A, E>(from: Dequeue<A, E | Cause.Done>): Effect.Effect<Array<A>, Pull.ExcludeDone<E>> =>
  Effect.suspend(() => {
    const all: Array<A> = []
    const more = Effect.map(from.takeAll(), (messages) => {
      for (const message of messages) all.push(message)
    })
    return Pull.catchDone(Effect.forever(more, { disableYield: true }), () => Effect.succeed(all))
  })

/**
 * Handles one message after the other in this fiber, until the mailbox ends or a handler fails. A handler that is done
 * when it returns gives no effect, and is not even waited for by waking the fiber; the next message waits for an effect.
 * What lives on its mailbox does so by this: `npm run -s bench -- gc` shows what either costs.
 *
 * @example
 * ```ts
 * import { Cause, Effect } from "effect"
 * import { Mailbox } from "fanfare"
 *
 * const program = Effect.gen(function* () {
 *   const mailbox = yield* Mailbox.bounded<number, Cause.Done>(16)
 *   let total = 0
 *   yield* Mailbox.offerAll(mailbox, [1, 2, 3])
 *   yield* Mailbox.end(mailbox)
 *   yield* Effect.ignore(Mailbox.consume(mailbox, (n) => void (total += n)))
 *   return total // 6
 * })
 * ```
 *
 * @since 0.1.0
 * @category taking
 */
export const consume = <A, QE, E = never, R = never>(
  from: Mailbox<A, QE>,
  handle: (message: A) => Effect.Effect<unknown, E, R> | void
): Effect.Effect<never, QE | E, R> => Consumer.run(new Consumer.Handling(from, handle))

/**
 * How many messages are there to be taken.
 *
 * @since 0.1.0
 * @category getters
 */
export const size = <A, E>(self: Dequeue<A, E>): Effect.Effect<number> => Effect.sync(() => self.length)

/**
 * Takes no more messages. What is there can still be taken; after that, taking fails with `Done`. Answers `false` when it
 * has ended before.
 *
 * @since 0.1.0
 * @category completion
 */
export const end = <A, E>(self: Enqueue<A, E | Cause.Done>): Effect.Effect<boolean> =>
  Effect.sync(() => self.failCauseUnsafe(Cause.fail(Cause.Done())))

/**
 * Like {@link end}; after that, taking fails with the cause.
 *
 * @since 0.1.0
 * @category completion
 */
export const failCause = <A, E>(self: Enqueue<A, E>, cause: Cause.Cause<E>): Effect.Effect<boolean> =>
  Effect.sync(() => self.failCauseUnsafe(cause))

/**
 * Takes no more messages and drops those that are there; those who wait at it are interrupted. Answers `false` when it
 * has ended before and was empty.
 *
 * @since 0.1.0
 * @category completion
 */
export const shutdown = <A, E>(self: Enqueue<A, E>): Effect.Effect<boolean> => Effect.sync(() => self.shutdownUnsafe())

/**
 * Ends the mailbox at once, and answers with the messages that were accepted and never taken, oldest first. Senders that
 * wait for room are told that theirs was not accepted. It is for the owner, who says what becomes of the messages.
 *
 * @since 0.1.0
 * @category completion
 */
export const close = <A, E>(self: Mailbox<A, E>): Effect.Effect<Array<A>> => Effect.sync(() => self.closeUnsafe())
