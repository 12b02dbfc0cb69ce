import { assert, describe, it } from "@effect/vitest"
import { ConfigProvider, Duration, Effect, Option } from "effect"
import * as Rates from "../../../src/domain/gateway/Rates.ts"
import * as Backlog from "../../../src/domain/session/Backlog.ts"
import * as grpcLimits from "../../../src/programs/ingress/grpcLimits.ts"
import * as LimitOptions from "../../../src/programs/server/limitOptions.ts"
import * as Session from "../../../src/programs/Session.ts"
import { GENERAL, userId } from "../../support/community.ts"

const parsed = (text: string) => Option.getOrUndefined(LimitOptions.parse(text))

describe("limitOptions", () => {
  it("reads counts, bytes, times and rates", () => {
    const none = { counts: {}, rates: {}, times: {} }
    assert.deepStrictEqual(parsed("sessions=500"), { ...none, counts: { sessions: 500 } })
    assert.deepStrictEqual(parsed("waiting=256MiB"), { ...none, counts: { waiting: 256 * 1024 ** 2 } })
    assert.deepStrictEqual(parsed("standstill=1.5s"), { ...none, times: { standstill: 1_500 } })
    assert.deepStrictEqual(parsed(" messages = 20/2.5s "), {
      ...none,
      rates: { messages: { tokens: 20, millis: 2_500 } }
    })
  })

  it.each([
    "sessions",
    "sessions=",
    "sessions=0",
    "sessions=-1",
    "sessions=5/5s",
    "messages=5",
    "messages=0/5s",
    "messages=5/0s",
    "toString=5",
    "frames=5",
    "=5",
    "sessions=500=7",
    "messages=20/5s=1",
    "waiting=999999999999GiB",
    "sessions=1KiB",
    "grpc-streams=2147483648",
    "standstill=60",
    "standstill=0s",
    "standstill=3000000s",
    "standstill=1/5s",
    ""
  ])("refuses %s, and names those that there are", (text) => {
    assert.isUndefined(parsed(text))
    assert.match(LimitOptions.expected(text), /sessions, .*standstill \(a time\), .*messages \(a rate\)/)
  })

  it.effect("a flag wins over the variable, and what is not set is as by default", () =>
    Effect.gen(function* () {
      const flags = [parsed("sessions=3"), parsed("messages=1/60s")].filter((one) => one !== undefined)
      const limits = yield* LimitOptions.given(flags)
      assert.deepStrictEqual(limits, {
        counts: { sessions: 3, "waiting-per-user": 1_048_576 },
        rates: { messages: { tokens: 1, millis: 60_000 } },
        times: {}
      })
      yield* Effect.gen(function* () {
        assert.deepStrictEqual((yield* Backlog.Reference).limits, { ...Backlog.DEFAULTS, sessions: 3, user: 1_048_576 })
        const rates = yield* Rates.Reference
        assert.strictEqual(rates.concurrency, Rates.DEFAULTS.identifies.tokens)
        const written = Array.from({ length: 2 }, () => rates.message(userId(1), GENERAL, 0).isTaken)
        assert.deepStrictEqual(written, [true, false])
        assert.deepStrictEqual(LimitOptions.sessionOptions(limits), {
          mailboxCapacity: Session.MAILBOX_CAPACITY,
          writeDeadline: Duration.toMillis(Session.WRITE_DEADLINE)
        })
        assert.deepStrictEqual(LimitOptions.grpcOptions(limits, 100_000), grpcLimits.DEFAULTS)
      }).pipe(Effect.provide(LimitOptions.layer(limits)))
    }).pipe(
      Effect.provide(
        ConfigProvider.layer(ConfigProvider.fromUnknown({ FANFARE_LIMITS: "sessions=2,waiting-per-user=1MiB" }))
      )
    )
  )

  it.each([
    // All but a tenth, and each address half of them; where there are few files, all but 64 for each thread.
    ["", 20_000, 1, 18_000, 9_000],
    ["", 20_000, 4, 4_500, 2_250],
    ["", 1_024, 4, 192, 96],
    ["", 40, 1, 1, 1],
    ["", Infinity, 2, Infinity, Infinity],
    ["connections=50", 20_000, 1, 50, 25],
    ["connections=50", Infinity, 2, 50, 25],
    ["connections=50000", 20_000, 1, 18_000, 9_000],
    ["connections-per-address=12000", 20_000, 1, 18_000, 12_000]
  ])("connections: %s of %d files in %d threads", (text, files, threads, connections, perAddress) => {
    const limits = LimitOptions.together([parsed(text)].filter((one) => one !== undefined))
    assert.deepStrictEqual(LimitOptions.connections(limits, files, threads), { connections, perAddress })
  })

  it.each([
    // A thousand, and each address half of them; where there are few files, one in twenty.
    ["", 100_000, 1_000, 500],
    ["", Infinity, 1_000, 500],
    ["", 1_024, 51, 26],
    ["", 10, 1, 1],
    ["grpc-connections=2000", 100_000, 2_000, 1_000],
    ["grpc-connections=2000", 1_024, 51, 26],
    ["grpc-connections-per-address=800", 100_000, 1_000, 800]
  ])("connections of gRPC: %s of %d files", (text, files, connections, perAddress) => {
    const limits = LimitOptions.together([parsed(text)].filter((one) => one !== undefined))
    assert.deepInclude(LimitOptions.grpcOptions(limits, files), { connections, perAddress })
  })

  it.effect("a variable that cannot be read is an error that says so", () =>
    Effect.gen(function* () {
      const { message } = yield* Effect.flip(
        Effect.orDie(LimitOptions.given([])).pipe(
          Effect.sandbox,
          Effect.mapError(String),
          Effect.mapError((message) => ({ message }))
        )
      )
      assert.match(message, /Expected a limit such as .*, got "x=1"/)
    }).pipe(Effect.provide(ConfigProvider.layer(ConfigProvider.fromUnknown({ FANFARE_LIMITS: "x=1" }))))
  )
})
