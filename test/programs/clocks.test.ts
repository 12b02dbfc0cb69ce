/** What happens when the wall clock is set, and when a machine was suspended. */
import { assert, describe, it } from "@effect/vitest"
import { Clock, Duration, Effect, Fiber, HashMap, Option, Queue, Schedule } from "effect"
import { TestClock } from "effect/testing"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as Opcode from "../../src/domain/gateway/Opcode.ts"
import * as Supervision from "../../src/domain/Supervision.ts"
import * as TraceStore from "../../src/layers/TraceStore.ts"
import * as Actor from "../../src/programs/Actor.ts"
import { Guilds } from "../../src/programs/Guilds.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { type GatewayClient, login } from "../support/client.ts"
import { draft, GENERAL, GUILD, userId } from "../support/community.ts"
import * as guilds from "../support/guilds.ts"
import { machine, onMachine } from "../support/machine.ts"
import { recorder, sampledCarrier, TRACE_ID, traced } from "../support/tracing.ts"

const HOUR = Duration.toMillis("1 hour")
const BACK = -HOUR
const FORWARD = HOUR
const STEPS = [BACK, FORWARD]

const guild = Effect.map(Guilds, ({ byId }) => Option.getOrThrow(byId(GUILD)))
const write = (text: string) =>
  Effect.flatMap(guild, (address) =>
    Transport.call(address, "SendMessage", { author: userId(1), channel: GENERAL, draft: draft(text) })
  )
const provideGuild = Effect.provide(guilds.layer(3))

/** Heartbeats, each of which is acknowledged. */
const beats = (client: GatewayClient, count: number) =>
  Effect.replicateEffect(
    Effect.gen(function* () {
      yield* client.say(Opcode.HEARTBEAT, null)
      assert.strictEqual((yield* client.next).op, Opcode.HEARTBEAT_ACK)
    }),
    count,
    { discard: true }
  )

describe("the gateway", () => {
  it.effect.each(STEPS)("a client that keeps to 120 frames a minute stays, when the clock is set by %d ms", (by) =>
    Effect.gen(function* () {
      const { step } = yield* machine
      // To identify is a frame too.
      const client = yield* login("token-1")
      yield* step(by)
      for (let minute = 0; minute < 3; minute++) {
        yield* beats(client, 119)
        yield* TestClock.adjust("60 seconds")
      }
    }).pipe(provideGuild, onMachine)
  )

  it.effect.each(STEPS)("a client that does not keep to them is closed, when the clock is set by %d ms", (by) =>
    Effect.gen(function* () {
      const { step } = yield* machine
      const client = yield* login("token-1")
      yield* beats(client, 60)
      yield* step(by)
      yield* beats(client, 59)
      yield* client.say(Opcode.HEARTBEAT, null)
      assert.strictEqual((yield* client.raw.closed).code, 4008)
    }).pipe(provideGuild, onMachine)
  )

  it.effect("clients that live are not closed because the process stood still", () =>
    Effect.gen(function* () {
      const { jump } = yield* machine
      const client = yield* login("token-1")
      // Their next heartbeat is nearly due, or lies at the socket already and has not been read.
      yield* TestClock.adjust("40 seconds")
      yield* jump("1 hour")
      yield* TestClock.adjust("2 seconds")
      yield* beats(client, 1)
      // Who is silent is closed all the same.
      yield* jump("1 hour")
      yield* TestClock.adjust("42 seconds")
      assert.strictEqual((yield* client.raw.closed).code, 4009)
    }).pipe(provideGuild, onMachine)
  )
})

describe("a guild", () => {
  it.effect("makes ids that go up, and a channel's last message never goes back", () =>
    Effect.gen(function* () {
      const { step } = yield* machine
      const address = yield* guild
      const last = Effect.map(Transport.call(address, "Describe", { user: userId(1) }), ({ lastMessages }) =>
        BigInt(Option.getOrThrow(HashMap.get(lastMessages, GENERAL)))
      )
      yield* step(Duration.millis(Date.UTC(2026, 0)))
      yield* write("before")
      const before = yield* last
      for (const by of [BACK, BACK, FORWARD, FORWARD, FORWARD, BACK]) {
        const known = yield* last
        yield* step(by)
        const { id } = yield* write("after")
        assert.isTrue(BigInt(id) > known && BigInt(id) > before)
        assert.strictEqual(yield* last, BigInt(id))
      }
    }).pipe(provideGuild, onMachine)
  )

  it.effect("times members out until the wall clock says that it is over", () =>
    Effect.gen(function* () {
      const { step } = yield* machine
      const address = yield* guild
      const until = HOUR / 2
      yield* Transport.call(address, "UpdateMember", { user: userId(1), patch: { timedOutUntil: until } })
      assert.strictEqual((yield* Effect.flip(write("too early")))._tag, "MissingPermissions")
      yield* step(FORWARD)
      yield* write("the time is over")
      yield* step(BACK)
      assert.strictEqual((yield* Effect.flip(write("the clock was wrong")))._tag, "MissingPermissions")
    }).pipe(provideGuild, onMachine)
  )

  it.effect("that could not answer because the process stood still is not waited for any longer", () =>
    Effect.gen(function* () {
      const { jump, step } = yield* machine
      const slow = yield* Actor.make<Fragile>()({
        kind: "slow",
        capacity: 16,
        init: () => Effect.succeed({ requests: { Break: () => Effect.void, Live: () => Effect.never } })
      })
      const handled = yield* Effect.forkChild(Effect.flip(Transport.call(slow, "Live", undefined)))
      const waiting = yield* Effect.forkChild(Effect.flip(Transport.call(slow, "Live", undefined)))
      yield* TestClock.adjust("4 seconds")
      // A suspended machine, on Linux: nothing is late.
      yield* step(FORWARD)
      yield* TestClock.adjust(0)
      assert.isUndefined(handled.pollUnsafe())
      yield* jump(FORWARD)
      assert.deepInclude(yield* Fiber.join(handled), { _tag: "CallTimedOut", handled: "maybe" })
      assert.deepInclude(yield* Fiber.join(waiting), { _tag: "CallTimedOut", handled: "no" })
    }).pipe(onMachine)
  )
})

interface Fragile {
  readonly Break: { payload: void; success: void; error: never }
  readonly Live: { payload: void; success: string; error: never }
}

const fragile = (schedule: Schedule.Schedule<unknown>, times: number) =>
  Actor.make<Fragile>()({
    kind: "fragile",
    capacity: 16,
    supervision: Supervision.restart({ schedule, intensity: { times, within: "1 minute" } }),
    init: () => Effect.succeed({ requests: { Break: () => Effect.die("broken"), Live: () => Effect.succeed("lives") } })
  })

describe("supervision", () => {
  it.effect.each(STEPS)("deaths are as far apart as they are, when the clock is set by %d ms between them", (by) =>
    Effect.gen(function* () {
      const { step } = yield* machine
      const actor = yield* fragile(Schedule.forever, 1)
      for (let death = 0; death < 3; death++) {
        yield* Transport.cast(actor, "Break", undefined)
        yield* TestClock.adjust("1 minute")
        yield* step(by)
      }
      assert.strictEqual(yield* Transport.call(actor, "Live", undefined), "lives")
      yield* Transport.cast(actor, "Break", undefined)
      yield* step(by)
      yield* Transport.cast(actor, "Break", undefined)
      assert.strictEqual((yield* Effect.flip(actor.ended))._tag, "ActorDied")
    }).pipe(onMachine)
  )

  it.effect.each(STEPS)("a schedule that ends after a time does so then, when the clock is set by %d ms", (by) =>
    Effect.gen(function* () {
      const { step } = yield* machine
      const actor = yield* fragile(Schedule.spaced("1 second").pipe(Schedule.upTo({ duration: "10 seconds" })), 100)
      const die = Effect.andThen(Transport.cast(actor, "Break", undefined), TestClock.adjust("4 seconds"))
      yield* die
      yield* step(by)
      yield* die
      yield* die
      assert.strictEqual(yield* Transport.call(actor, "Live", undefined), "lives")
      yield* die
      assert.strictEqual((yield* Effect.flip(actor.ended))._tag, "ActorDied")
    }).pipe(onMachine)
  )
})

describe("timers", () => {
  const ticking = Effect.fnUntraced(function* (interval: Duration.Input, options?: { readonly jitter: boolean }) {
    let ticks = 0
    yield* Actor.make<{}, "tick">()({
      kind: "clockwork",
      capacity: 4,
      init: (self) =>
        Effect.as(self.every(interval, "tick", options), {
          requests: {},
          message: () => Effect.sync(() => void ticks++)
        })
    })
    yield* TestClock.adjust(0)
    return () => ticks
  })

  it.effect.each(STEPS)("tick as often as they should, when the clock is set by %d ms", (by) =>
    Effect.gen(function* () {
      const { step } = yield* machine
      const ticks = yield* ticking("1 minute")
      for (let minute = 1; minute <= 5; minute++) {
        yield* TestClock.adjust("30 seconds")
        yield* step(by)
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(ticks(), minute)
      }
    }).pipe(onMachine)
  )

  it.effect("with jitter tick as often as without, each at a time of its own", () =>
    Effect.gen(function* () {
      const all = yield* Effect.replicateEffect(ticking("1 minute", { jitter: true }), 40)
      const ticked = (times: number) => all.filter((ticks) => ticks() === times).length
      yield* TestClock.adjust("30 seconds")
      // As likely as 40 coins that all fall on the same side.
      assert.isAbove(ticked(0), 0)
      assert.isAbove(ticked(1), 0)
      for (let minute = 1; minute <= 5; minute++) {
        yield* TestClock.adjust("30 seconds")
        assert.strictEqual(ticked(minute), all.length)
        const early = ticked(minute)
        yield* TestClock.adjust("30 seconds")
        assert.isBelow(ticked(minute), early)
        assert.strictEqual(ticked(minute) + ticked(minute + 1), all.length)
      }
    })
  )

  it.effect("tick once for each interval, when the system wakes them a little early", () =>
    Effect.gen(function* () {
      const ticks = yield* ticking("1 minute")
      for (let minute = 1; minute <= 5; minute++) {
        yield* TestClock.adjust("1 minute")
        assert.strictEqual(ticks(), minute)
      }
    }).pipe(
      Effect.updateService(Clock.Clock, (clock) => ({
        ...clock,
        sleep: (duration) => clock.sleep(Duration.subtract(duration, Duration.millis(1)))
      }))
    )
  )

  it.effect("tick once for all that a process missed that stood still, and then when they would have", () =>
    Effect.gen(function* () {
      const { jump } = yield* machine
      const ticks = yield* ticking("1 minute")
      yield* jump("90.5 minutes")
      yield* TestClock.adjust(0)
      assert.isAtMost(ticks(), 2)
      const before = ticks()
      yield* TestClock.adjust("29 seconds")
      assert.strictEqual(ticks(), before)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(ticks(), before + 1)
    }).pipe(onMachine)
  )
})

describe("traces", () => {
  it.effect.each(STEPS)("a message lay in a mailbox for as long as it did, when the clock was set by %d ms", (by) => {
    const spans = recorder()
    return Effect.gen(function* () {
      const { step } = yield* machine
      const mailbox = yield* Queue.unbounded<string | Envelope.Envelope<string>>()
      yield* traced(Transport.send(mailbox, "m"))
      yield* TestClock.adjust("2 seconds")
      yield* step(by)
      yield* Transport.handle(
        yield* Queue.take(mailbox),
        () => ({ name: "hop" }),
        () => Effect.void
      )
      assert.strictEqual(spans.opened[0]?.attributes.get("mailbox.wait_ms"), 2000)
    }).pipe(Effect.provide(spans.layer), onMachine)
  })

  it.effect("a span that was open when the clock was set back did not take less than no time", () =>
    Effect.gen(function* () {
      const { step } = yield* machine
      yield* step(Duration.millis(Date.UTC(2026, 0)))
      yield* traced(Effect.withSpan(step(BACK), "open"))
      const [span] = yield* (yield* TraceStore.TraceStore).spans(TRACE_ID)
      assert.strictEqual(span?.name, "open")
      assert.strictEqual(span?.durationMillis, 0)
    }).pipe(Effect.provide(TraceStore.ring()), onMachine)
  )

  it.effect("nor did one that was opened in passing", () => {
    const spans = recorder()
    return Effect.gen(function* () {
      const { step } = yield* machine
      yield* step(Duration.millis(Date.UTC(2026, 0)))
      const handle = Transport.passing("continue")
      yield* Effect.withFiber((fiber) => {
        handle(fiber, Envelope.make("m", sampledCarrier), { name: "hop" }, () => void Effect.runSync(step(BACK)))
        return Effect.void
      })
      const status = spans.opened[0]?.status
      assert.strictEqual(status?._tag === "Ended" ? status.endTime - status.startTime : undefined, 0n)
    }).pipe(Effect.provide(spans.layer), onMachine)
  })
})
