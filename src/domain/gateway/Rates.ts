/**
 * How often users and addresses may do what: by REST, over the gateway and by gRPC, whichever way they come.
 *
 * @see https://discord.com/developers/docs/topics/rate-limits
 * @since 0.1.0
 */
import { Context } from "effect"
import type { UserId } from "../Ids.ts"
import type { LimitName } from "../LimitName.ts"
import { Recent } from "../Recent.ts"
import { type Rate, type Taken, TokenBuckets } from "../TokenBuckets.ts"

/**
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  /** Requests of a user, of whatever kind. */
  readonly requests: Rate
  /** Requests of a user to one route, about one guild or channel. */
  readonly requestsPerRoute: Rate
  /** Messages of a user to one channel. */
  readonly messages: Rate
  /** What a user says of their presence and of calls, over all connections. Others are told each time. */
  readonly updates: Rate
  /** Sessions that a user begins. */
  readonly identifies: Rate
  readonly sessionStarts: Rate
  /** Tokens from one address that are nobody's. */
  readonly wrongTokens: Rate
}

const SECOND = 1_000
const DAY = 24 * 3_600 * SECOND

/**
 * Those that Discord has made known are Discord's.
 *
 * @since 0.1.0
 * @category limits
 */
export const DEFAULTS: Limits = {
  requests: { tokens: 50, millis: SECOND },
  requestsPerRoute: { tokens: 10, millis: 5 * SECOND },
  messages: { tokens: 5, millis: 5 * SECOND },
  updates: { tokens: 120, millis: 60 * SECOND },
  identifies: { tokens: 16, millis: 5 * SECOND },
  sessionStarts: { tokens: 1_000, millis: DAY },
  wrongTokens: { tokens: 60, millis: 60 * SECOND }
}

/**
 * A token was taken, or there was none, of so many: and which limit that is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Counted extends Taken {
  readonly limit: LimitName
  readonly most: number
}

const counted = <Key>(limit: LimitName, buckets: TokenBuckets<Key>, key: Key, now: number): Counted => ({
  limit,
  most: buckets.rate.tokens,
  ...buckets.take(key, now)
})

/** Tokens that are remembered as somebody's, twice. */
const KNOWN_TOKENS = 10_000

/**
 * @since 0.1.0
 * @category models
 */
export class Rates {
  readonly updates: TokenBuckets<UserId>
  readonly sessionStarts: TokenBuckets<UserId>
  private readonly identifies: TokenBuckets<UserId>
  private readonly requests: TokenBuckets<UserId>
  private readonly perRoute: TokenBuckets<string>
  private readonly messages: TokenBuckets<string>
  private readonly wrongTokens: TokenBuckets<string>
  private readonly known = new Recent<string, true>(KNOWN_TOKENS)

  constructor(limits: Limits = DEFAULTS) {
    this.requests = new TokenBuckets(limits.requests)
    this.perRoute = new TokenBuckets(limits.requestsPerRoute)
    this.messages = new TokenBuckets(limits.messages)
    this.updates = new TokenBuckets(limits.updates)
    this.identifies = new TokenBuckets(limits.identifies)
    this.sessionStarts = new TokenBuckets(limits.sessionStarts)
    this.wrongTokens = new TokenBuckets(limits.wrongTokens)
  }

  /** How many sessions a user may begin in five seconds, as Discord's clients have it. */
  get concurrency(): number {
    const { millis, tokens } = this.identifies.rate
    return Math.max(1, Math.min(tokens, Math.floor((tokens * 5 * SECOND) / millis)))
  }

  /** A user asks for something. */
  request(user: UserId, now: number): Counted {
    return counted("requests", this.requests, user, now)
  }

  /** They ask it of one route, about one guild or channel. */
  routed(user: UserId, route: string, about: string, now: number): Counted {
    return counted("requests-per-route", this.perRoute, `${user} ${about} ${route}`, now)
  }

  /** They write to a channel. */
  message(user: UserId, channel: string, now: number): Counted {
    return counted("messages", this.messages, `${user} ${channel}`, now)
  }

  /** They begin a session. */
  identify(user: UserId, now: number): Counted {
    const isLeft = this.sessionStarts.look(user, now).remaining > 0
    const begun = isLeft ? counted("identifies", this.identifies, user, now) : undefined
    return begun?.isTaken === false ? begun : counted("session-starts", this.sessionStarts, user, now)
  }

  /**
   * In how many milliseconds a token from this address may be looked at. An address that has sent many that are nobody's
   * waits; those of its tokens that were somebody's lately do not, since others may have the same address.
   */
  wait(address: string, token: string, now: number): number {
    const { retryAfter } = this.wrongTokens.look(address, now)
    return retryAfter > 0 && this.known.get(token) === undefined ? retryAfter : 0
  }

  /** Whether a token was somebody's. */
  looked(address: string, token: string, isKnown: boolean, now: number): void {
    if (isKnown) this.known.set(token, true)
    else this.wrongTokens.take(address, now)
  }
}

/**
 * The process's own.
 *
 * @since 0.1.0
 * @category references
 */
export const Reference: Context.Reference<Rates> = Context.Reference<Rates>("fanfare/domain/gateway/Rates", {
  defaultValue: () => new Rates()
})
