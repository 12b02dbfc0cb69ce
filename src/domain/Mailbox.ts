/**
 * A fiber's queue. Messages come bare or enveloped; whoever takes them out tells the two apart.
 *
 * @since 0.1.0
 */
import type { PubSub, Queue } from "effect"
import type { Envelope } from "./Envelope.ts"

/**
 * The side of a mailbox that senders hold. Any `Queue` is one.
 *
 * @since 0.1.0
 * @category models
 */
export type Mailbox<M> = Queue.Enqueue<M | Envelope<M>>

/**
 * The side that its owner holds.
 *
 * @since 0.1.0
 * @category models
 */
export type Inbox<M, E = never> = Queue.Dequeue<M | Envelope<M>, E>

/**
 * What is published to all who subscribe.
 *
 * @since 0.1.0
 * @category models
 */
export type Topic<M> = PubSub.PubSub<M | Envelope<M>>

/**
 * A subscriber's side of a topic.
 *
 * @since 0.1.0
 * @category models
 */
export type Subscription<M> = PubSub.Subscription<M | Envelope<M>>
