/** What all sessions that see the same have seen, as one rolling hash; and where one of them stands beside it. */
import { afterMessage, differenceAfter } from "./hash.ts"
import { NOTHING, type Seen, type Shown } from "./Tally.ts"

/** Those with the same roles and intents who look at the guild, or look elsewhere. One that is spoken of by name is alone. */
export interface Sort {
  readonly roles: ReadonlyArray<string>
  readonly intents: number
  readonly isActive: boolean
  readonly user: string
  readonly isNamed: boolean
}

export class Stream {
  readonly sort: Sort
  readonly key: string
  sessions = 0
  count = 0
  messages = 0
  hash = 0
  window = 0
  late = 0
  /** The channels that they see, as long as nothing changes. */
  seen: ReadonlySet<string> | undefined
  /** What a snapshot shows them, as of a version of the model. */
  shown: (Shown & { readonly version: number }) | undefined

  constructor(key: string, sort: Sort) {
    this.key = key
    this.sort = sort
  }

  wants(intent: number): boolean {
    return (this.sort.intents & intent) === intent
  }

  message(token: number): void {
    this.hash = afterMessage(this.hash, this.window, token)
    this.window = 0
    this.count++
    this.messages++
  }

  event(token: number): void {
    this.window = (this.window + token) | 0
    this.count++
  }

  lateEvent(token: number): void {
    this.late = (this.late + token) | 0
    this.count++
  }
}

/** After one more message. */
export const withMessage = (seen: Seen, token: number): Seen => ({
  ...seen,
  count: seen.count + 1,
  messages: seen.messages + 1,
  hash: afterMessage(seen.hash, seen.window, token),
  window: 0
})

/** After one more event of another kind. */
export const withEvent = (seen: Seen, token: number): Seen => ({
  ...seen,
  count: seen.count + 1,
  window: (seen.window + token) | 0
})

/** After one more event that may give way to messages. */
export const withLate = (seen: Seen, token: number): Seen => ({
  ...seen,
  count: seen.count + 1,
  late: (seen.late + token) | 0
})

/** A session's place in its stream: what it is due is the stream's, but for a difference. */
export class Place {
  stream: Stream
  private base = 0
  private hash = 0
  private window = 0
  private late = 0
  private count = 0
  private messages = 0

  constructor(stream: Stream, due: Seen = NOTHING) {
    this.stream = stream
    stream.sessions++
    this.set(due)
  }

  /** What the session is due by now, since its last snapshot. */
  get due(): Seen {
    const { stream } = this
    const passed = stream.messages - this.base
    return {
      count: stream.count + this.count,
      messages: stream.messages + this.messages,
      hash: (stream.hash + differenceAfter(this.hash, this.window, passed)) | 0,
      window: passed === 0 ? (stream.window + this.window) | 0 : stream.window,
      late: (stream.late + this.late) | 0
    }
  }

  set(due: Seen): void {
    const { stream } = this
    this.base = stream.messages
    this.hash = (due.hash - stream.hash) | 0
    this.window = (due.window - stream.window) | 0
    this.late = (due.late - stream.late) | 0
    this.count = due.count - stream.count
    this.messages = due.messages - stream.messages
  }

  /** Goes on in another stream. */
  move(stream: Stream, due: Seen = this.due): void {
    this.stream.sessions--
    stream.sessions++
    this.stream = stream
    this.set(due)
  }

  leave(): void {
    this.stream.sessions--
  }
}
