/**
 * What each client saw, a few numbers for each, in memory that all threads share: it survives a worker that dies, and takes
 * the same room however long the day is.
 */

/** The last tokens that a client saw, to explain a difference by. */
const KEPT = 8

/**
 * Everything since the last snapshot: how many events, how many of them messages, and their hash. Events of channels and calls
 * may give way to messages elsewhere: of these there is a sum (`late`), wherever they came.
 */
export interface Seen {
  readonly count: number
  readonly messages: number
  readonly hash: number
  readonly window: number
  readonly late: number
}

/** What a snapshot says: of each a sum. */
export interface Shown {
  readonly channels: number
  readonly roles: number
  readonly voice: number
}

export const NOTHING: Seen = { count: 0, messages: 0, hash: 0, window: 0, late: 0 }

export const areSame = (one: Seen, other: Seen): boolean =>
  one.count === other.count && one.late === other.late && areSameButLate(one, other)

/** A session that leaves, or gets a snapshot, is not told any more what has given way until then. */
export const areSameButLate = (one: Seen, other: Seen): boolean =>
  one.messages === other.messages && one.hash === other.hash && one.window === other.window

const int32 = (buffer: SharedArrayBuffer, clients: number, nth: number) =>
  new Int32Array(buffer, nth * clients * 4, clients)

/** Numbers for each client. */
const COLUMNS = 16

/** What the whole program counts, by name; any thread may add to it. */
const COUNTERS = ["closed", "gaps", "opened", "ended", "deliveries", "strays", "unknown"] as const
export type Counter = (typeof COUNTERS)[number]

export interface Shared {
  readonly clients: number
  readonly numbers: SharedArrayBuffer
  readonly ids: SharedArrayBuffer
  readonly tokens: SharedArrayBuffer
  readonly counters: SharedArrayBuffer
}

export const share = (clients: number): Shared => ({
  clients,
  numbers: new SharedArrayBuffer(COLUMNS * clients * 4),
  ids: new SharedArrayBuffer(clients * 8),
  tokens: new SharedArrayBuffer(clients * KEPT * 4),
  counters: new SharedArrayBuffer(COUNTERS.length * 4)
})

export class Tally {
  readonly clients: number
  readonly count: Int32Array
  readonly messages: Int32Array
  readonly hash: Int32Array
  readonly window: Int32Array
  readonly late: Int32Array
  /** How many snapshots came. Of the last one is known what it said, and what had come before it. */
  readonly snapshots: Int32Array
  private readonly shownChannels: Int32Array
  private readonly shownRoles: Int32Array
  private readonly shownVoice: Int32Array
  private readonly priorCount: Int32Array
  private readonly priorMessages: Int32Array
  private readonly priorHash: Int32Array
  private readonly priorWindow: Int32Array
  private readonly priorLate: Int32Array
  /** The code with which the server closed the connection; 0 as long as it is open. */
  readonly closed: Int32Array
  /** What all summaries together said of calls. */
  readonly summarisedCalls: Int32Array
  /** The last message of all channels in the last snapshot, or of a summary since. */
  readonly lastMessage: BigUint64Array
  private readonly tokens: Int32Array
  private readonly counters: Int32Array

  constructor({ clients, counters, ids, numbers, tokens }: Shared) {
    const column = (nth: number) => int32(numbers, clients, nth)
    this.clients = clients
    this.count = column(0)
    this.messages = column(1)
    this.hash = column(2)
    this.window = column(3)
    this.snapshots = column(4)
    this.shownChannels = column(5)
    this.shownRoles = column(12)
    this.shownVoice = column(13)
    this.late = column(14)
    this.priorLate = column(15)
    this.priorCount = column(6)
    this.priorMessages = column(7)
    this.priorHash = column(8)
    this.priorWindow = column(9)
    this.closed = column(10)
    this.summarisedCalls = column(11)
    this.lastMessage = new BigUint64Array(ids)
    this.tokens = new Int32Array(tokens)
    this.counters = new Int32Array(counters)
  }

  /** A client begins anew. */
  reset(client: number): void {
    for (const column of [this.count, this.messages, this.hash, this.window, this.late, this.snapshots, this.closed]) {
      column[client] = 0
    }
    this.tokens.fill(0, client * KEPT, (client + 1) * KEPT)
  }

  seen(client: number): Seen {
    return {
      count: this.count[client] ?? 0,
      messages: this.messages[client] ?? 0,
      hash: this.hash[client] ?? 0,
      window: this.window[client] ?? 0,
      late: this.late[client] ?? 0
    }
  }

  /** What had come before the last snapshot. */
  prior(client: number): Seen {
    return {
      count: this.priorCount[client] ?? 0,
      messages: this.priorMessages[client] ?? 0,
      hash: this.priorHash[client] ?? 0,
      window: this.priorWindow[client] ?? 0,
      late: this.priorLate[client] ?? 0
    }
  }

  /** The last tokens that a client saw, the latest last. */
  lastTokens(client: number): ReadonlyArray<number> {
    const count = this.count[client] ?? 0
    const known = Math.min(KEPT, count)
    return Array.from({ length: known }, (_, nth) => this.tokens[client * KEPT + ((count - known + nth) % KEPT)] ?? 0)
  }

  see(client: number, token: number): void {
    const count = this.count[client] ?? 0
    this.tokens[client * KEPT + (count % KEPT)] = token
    this.count[client] = count + 1
  }

  /** What the last snapshot said. */
  shown(client: number): Shown {
    return {
      channels: this.shownChannels[client] ?? 0,
      roles: this.shownRoles[client] ?? 0,
      voice: this.shownVoice[client] ?? 0
    }
  }

  began(client: number, { channels, roles, voice }: Shown, lastMessage: bigint): void {
    this.priorCount[client] = this.count[client] ?? 0
    this.priorMessages[client] = this.messages[client] ?? 0
    this.priorHash[client] = this.hash[client] ?? 0
    this.priorWindow[client] = this.window[client] ?? 0
    this.priorLate[client] = this.late[client] ?? 0
    this.count[client] = 0
    this.messages[client] = 0
    this.hash[client] = 0
    this.window[client] = 0
    this.late[client] = 0
    this.shownChannels[client] = channels
    this.shownRoles[client] = roles
    this.shownVoice[client] = voice
    this.lastMessage[client] = lastMessage
    this.snapshots[client] = (this.snapshots[client] ?? 0) + 1
  }

  /** A summary came. */
  summarised(client: number, lastMessage: bigint, calls: number): void {
    const last = this.lastMessage[client] ?? 0n
    if (lastMessage > last) this.lastMessage[client] = lastMessage
    this.summarisedCalls[client] = ((this.summarisedCalls[client] ?? 0) + calls) | 0
  }

  add(counter: Counter, more = 1): void {
    Atomics.add(this.counters, COUNTERS.indexOf(counter), more)
  }

  get(counter: Counter): number {
    return Atomics.load(this.counters, COUNTERS.indexOf(counter))
  }
}
