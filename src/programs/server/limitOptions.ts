/**
 * The limits that an operator can set: `--limit sessions=500 --limit messages=20/5s`.
 *
 * @since 0.1.0
 */
import { Config, Duration, Effect, Layer, Option, Schema } from "effect"
import * as Rates from "../../domain/gateway/Rates.ts"
import * as Unidentified from "../../domain/gateway/Unidentified.ts"
import type { LimitName } from "../../domain/LimitName.ts"
import { Places } from "../../domain/Places.ts"
import * as Searches from "../../domain/Searches.ts"
import * as Backlog from "../../domain/session/Backlog.ts"
import { Rate } from "../../domain/TokenBuckets.ts"
import * as grpcLimits from "../ingress/grpcLimits.ts"
import * as Session from "../Session.ts"
import * as BoundedServer from "./BoundedServer.ts"
import * as OpenFiles from "./openFiles.ts"

/** How many there may be, any number where that follows from another: see {@link connections} and {@link grpcOptions}. */
const NUMBERS = {
  connections: Number.POSITIVE_INFINITY,
  "connections-per-address": Number.POSITIVE_INFINITY,
  "grpc-connections": grpcLimits.DEFAULTS.connections,
  "grpc-connections-per-address": Number.POSITIVE_INFINITY,
  unidentified: Unidentified.DEFAULTS.all,
  "unidentified-per-address": Unidentified.DEFAULTS.perAddress,
  sessions: Backlog.DEFAULTS.sessions,
  searches: Searches.DEFAULTS.size,
  "searches-per-user": Searches.DEFAULTS.share,
  "waiting-messages": Session.MAILBOX_CAPACITY,
  "requests-under-way": BoundedServer.MOST_IN_FLIGHT,
  "grpc-streams": grpcLimits.DEFAULTS.streams
} as const satisfies Partial<Record<LimitName, number>>

const BYTES = {
  "waiting-per-session": Backlog.DEFAULTS.session,
  "waiting-per-user": Backlog.DEFAULTS.user,
  waiting: Backlog.DEFAULTS.process,
  "body-size": BoundedServer.MAX_BODY,
  "grpc-request-size": grpcLimits.DEFAULTS.request
} as const satisfies Partial<Record<LimitName, number>>

const COUNTS = { ...NUMBERS, ...BYTES }

/** How often something may be done. */
const RATES = {
  requests: Rates.DEFAULTS.requests,
  "requests-per-route": Rates.DEFAULTS.requestsPerRoute,
  messages: Rates.DEFAULTS.messages,
  updates: Rates.DEFAULTS.updates,
  identifies: Rates.DEFAULTS.identifies,
  "session-starts": Rates.DEFAULTS.sessionStarts,
  "wrong-tokens": Rates.DEFAULTS.wrongTokens,
  "cut-connections": BoundedServer.CUTS
} as const satisfies Partial<Record<LimitName, Rate>>

/** How long something may take, in milliseconds. */
const TIMES = {
  "time-to-send": Duration.toMillis(Session.WRITE_DEADLINE),
  standstill: BoundedServer.STANDSTILL,
  "grpc-idle": grpcLimits.DEFAULTS.idle
} as const satisfies Partial<Record<LimitName, number>>

type Count = keyof typeof COUNTS
type Time = keyof typeof TIMES
type RateName = keyof typeof RATES

const isCount = (name: string): name is Count => Object.hasOwn(COUNTS, name)
const isTime = (name: string): name is Time => Object.hasOwn(TIMES, name)
const isRate = (name: string): name is RateName => Object.hasOwn(RATES, name)

/**
 * Whether a limit can be set.
 *
 * @since 0.1.0
 * @category guards
 */
export const isSettable = (name: LimitName): boolean => isCount(name) || isRate(name) || isTime(name)

/**
 * What is set, by name. What is not is as by default.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Limits = Schema.Struct({
  counts: Schema.Record(Schema.String, Schema.Int),
  rates: Schema.Record(Schema.String, Rate),
  times: Schema.Record(Schema.String, Schema.Finite)
})
/**
 * @since 0.1.0
 * @category models
 */
export type Limits = typeof Limits.Type

const UNITS: Readonly<Record<string, number>> = { KiB: 1024, MiB: 1024 ** 2, GiB: 1024 ** 3 }

/** Larger than that, HTTP/2 knows no number of streams. */
const MOST = 2 ** 31 - 1

const countIn = (name: Count, text: string): number | undefined => {
  const [, digits = "", unit] = /^(\d{1,12})(KiB|MiB|GiB)?$/.exec(text) ?? []
  const isNumber = Object.hasOwn(NUMBERS, name)
  if (isNumber && unit !== undefined) return undefined
  const value = Number(digits) * (unit === undefined ? 1 : (UNITS[unit] ?? 1))
  return value > 0 && value <= (isNumber ? MOST : Number.MAX_SAFE_INTEGER) ? value : undefined
}

const rateIn = (text: string): Rate | undefined => {
  const [, tokens = "", seconds = ""] = /^(\d{1,9})\/(\d{1,7}(?:\.\d{1,3})?)s$/.exec(text) ?? []
  const rate = { tokens: Number(tokens), millis: Number(seconds) * 1_000 }
  return rate.tokens > 0 && rate.millis > 0 ? rate : undefined
}

/** More than Node's timers can wait. */
const TOO_LONG = 2 ** 31

const millisIn = (text: string): number | undefined => {
  const [, seconds = ""] = /^(\d{1,7}(?:\.\d{1,3})?)s$/.exec(text) ?? []
  const millis = Number(seconds) * 1_000
  return millis > 0 && millis < TOO_LONG ? millis : undefined
}

const NONE: Limits = { counts: {}, rates: {}, times: {} }

/** One of them, as it is written. */
const one = (text: string): Limits | undefined => {
  const at = text.indexOf("=")
  const [name, value] = [text.slice(0, Math.max(0, at)).trim(), text.slice(at + 1).trim()]
  const count = isCount(name) ? countIn(name, value) : undefined
  if (count !== undefined) return { ...NONE, counts: { [name]: count } }
  const millis = isTime(name) ? millisIn(value) : undefined
  if (millis !== undefined) return { ...NONE, times: { [name]: millis } }
  const rate = isRate(name) ? rateIn(value) : undefined
  return rate === undefined ? undefined : { ...NONE, rates: { [name]: rate } }
}

/**
 * A limit as it is written: `NAME=COUNT` (`sessions=500`, `waiting=256MiB`), `NAME=SECONDS` (`standstill=30s`) or
 * `NAME=COUNT/SECONDS` (`messages=20/5s`).
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): Option.Option<Limits> => Option.fromUndefinedOr(one(text))

/**
 * What is expected instead.
 *
 * @since 0.1.0
 * @category parsing
 */
export const expected = (text: string): string =>
  `Expected a limit such as sessions=500, waiting=256MiB, standstill=30s or messages=20/5s, got "${text}". There are ` +
  [
    ...Object.keys(COUNTS),
    ...Object.keys(TIMES).map((name) => `${name} (a time)`),
    ...Object.keys(RATES).map((name) => `${name} (a rate)`)
  ].join(", ")

/**
 * All that are set, the last one of a name.
 *
 * @since 0.1.0
 * @category parsing
 */
export const together = (all: ReadonlyArray<Limits>): Limits => ({
  counts: Object.assign({}, ...all.map(({ counts }) => counts)),
  rates: Object.assign({}, ...all.map(({ rates }) => rates)),
  times: Object.assign({}, ...all.map(({ times }) => times))
})

class BadLimit extends Schema.TaggedError<BadLimit>()("BadLimit", { message: Schema.String }) {}

/**
 * Those of the variable `FANFARE_LIMITS`, separated by commas, and then those of flags.
 *
 * @since 0.1.0
 * @category parsing
 */
export const given = (flags: ReadonlyArray<Limits>) =>
  Effect.gen(function* () {
    const variable = yield* Config.option(Config.NonEmptyString("FANFARE_LIMITS"))
    const texts = Option.isNone(variable) ? [] : variable.value.split(",")
    const set = yield* Effect.forEach(texts, (text) =>
      Effect.mapError(Effect.fromOption(parse(text)), () => new BadLimit({ message: expected(text) }))
    )
    return together([...set, ...flags])
  })

/**
 * A rate as it is set, or by default.
 *
 * @since 0.1.0
 * @category getters
 */
export const rateOf = ({ rates }: Limits, name: RateName): Rate => rates[name] ?? RATES[name]

/**
 * A count or a number of bytes as it is set, or by default.
 *
 * @since 0.1.0
 * @category getters
 */
export const countOf = ({ counts }: Limits, name: Count): number => counts[name] ?? COUNTS[name]

/** So many of one address, or else half of all. */
const shareOf = (limits: Limits, name: Count, all: number): number => {
  const set = countOf(limits, name)
  return Number.isFinite(set) ? set : Math.ceil(all / 2)
}

/**
 * How many connections there may be, in each of so many threads of a process that may have so many files: as it is set, as far as
 * there are files for it.
 *
 * @since 0.1.0
 * @category getters
 */
export const connections = (
  limits: Limits,
  files: number,
  threads: number
): { readonly connections: number; readonly perAddress: number } => {
  const connections = Math.min(countOf(limits, "connections"), OpenFiles.connections(files, threads))
  return { connections, perAddress: shareOf(limits, "connections-per-address", connections) }
}

/**
 * A time as it is set, or by default: milliseconds.
 *
 * @since 0.1.0
 * @category getters
 */
export const millisOf = ({ times }: Limits, name: Time): number => times[name] ?? TIMES[name]

/**
 * What sessions keep to.
 *
 * @since 0.1.0
 * @category getters
 */
export const sessionOptions = (limits: Limits): Session.Options => ({
  mailboxCapacity: countOf(limits, "waiting-messages"),
  writeDeadline: millisOf(limits, "time-to-send")
})

/**
 * What gRPC's connections keep to, in a process that may have so many files.
 *
 * @since 0.1.0
 * @category getters
 */
export const grpcOptions = (limits: Limits, files: number): grpcLimits.Limits => {
  const connections = Math.min(countOf(limits, "grpc-connections"), OpenFiles.grpcConnections(files))
  return {
    ...grpcLimits.DEFAULTS,
    connections,
    perAddress: shareOf(limits, "grpc-connections-per-address", connections),
    request: countOf(limits, "grpc-request-size"),
    streams: countOf(limits, "grpc-streams"),
    idle: millisOf(limits, "grpc-idle")
  }
}

/**
 * Has everything in this thread keep to them. Each thread counts for itself.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (limits: Limits) => {
  const count = (name: Count): number => countOf(limits, name)
  const rate = (name: RateName): Rate => rateOf(limits, name)
  return Layer.mergeAll(
    Layer.sync(Unidentified.Unidentified, () =>
      Unidentified.make({ all: count("unidentified"), perAddress: count("unidentified-per-address") })
    ),
    Layer.sync(
      Backlog.Reference,
      () =>
        new Backlog.Backlog({
          session: count("waiting-per-session"),
          user: count("waiting-per-user"),
          process: count("waiting"),
          sessions: count("sessions")
        })
    ),
    Layer.sync(Searches.Searches, () => new Places({ size: count("searches"), share: count("searches-per-user") })),
    Layer.sync(
      Rates.Reference,
      () =>
        new Rates.Rates({
          requests: rate("requests"),
          requestsPerRoute: rate("requests-per-route"),
          messages: rate("messages"),
          updates: rate("updates"),
          identifies: rate("identifies"),
          sessionStarts: rate("session-starts"),
          wrongTokens: rate("wrong-tokens")
        })
    )
  )
}
