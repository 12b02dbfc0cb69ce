/**
 * A machine whose clocks go wrong: a `TestClock` whose wall clock can be set, and whose monotonic clock can jump.
 *
 * `TestClock.adjust` goes on working: both clocks advance by it.
 */
import { Clock, Context, Duration, Effect } from "effect"
import { TestClock } from "effect/testing"

export interface Machine {
  /**
   * Sets the wall clock forward, or back by a negative duration. Sleeps and the monotonic clock notice nothing. (On Linux
   * a suspended machine looks like this, when it wakes: its monotonic clock stood still.)
   */
  readonly step: (by: Duration.Input) => Effect.Effect<void>
  /**
   * The process stands still for so long, and then goes on: each sleep that is over by then ends once, and whatever is
   * begun thereupon begins after the jump. (On macOS and Windows a suspended machine looks like this, and everywhere a
   * process that was stopped.)
   */
  readonly jump: (by: Duration.Input) => Effect.Effect<void>
}

const make = (inner: TestClock.TestClock): { readonly clock: TestClock.TestClock; readonly machine: Machine } => {
  let offset = 0n
  let jumpEnd: bigint | undefined
  const monotonic = () => jumpEnd ?? inner.monotonicTimeNanosUnsafe()
  const wall = () => inner.currentTimeNanosUnsafe() + offset + (monotonic() - inner.monotonicTimeNanosUnsafe())
  const millis = () => Number(wall()) / 1e6
  return {
    clock: {
      adjust: inner.adjust,
      setTime: inner.setTime,
      withLive: inner.withLive,
      currentTimeMillisUnsafe: millis,
      currentTimeMillis: Effect.sync(millis),
      currentTimeNanosUnsafe: wall,
      currentTimeNanos: Effect.sync(wall),
      monotonicTimeNanosUnsafe: monotonic,
      monotonicTimeNanos: Effect.sync(monotonic),
      sleep: (duration) =>
        Effect.suspend(() =>
          inner.sleep(Duration.sum(duration, Duration.nanos(monotonic() - inner.monotonicTimeNanosUnsafe())))
        )
    },
    machine: {
      step: (by) =>
        Effect.sync(() => {
          offset += BigInt(Math.round(Duration.toMillis(Duration.fromInputUnsafe(by)))) * 1_000_000n
        }),
      jump: (by) =>
        Effect.suspend(() => {
          jumpEnd = inner.monotonicTimeNanosUnsafe() + Duration.toNanosUnsafe(Duration.fromInputUnsafe(by))
          return Effect.andThen(
            inner.adjust(by),
            Effect.sync(() => void (jumpEnd = undefined))
          )
        })
    }
  }
}

class Service extends Context.Service<Service, Machine>()("test/Machine") {}

export const machine: Effect.Effect<Machine, never, Service> = Service

/** Runs a test on such a machine. Provide Layers inside, so that they have its clock. */
export const onMachine = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, Exclude<R, Service>> =>
  TestClock.testClockWith((inner) => {
    const { clock, machine } = make(inner)
    return effect.pipe(Effect.provideService(Service, machine), Effect.provideService(Clock.Clock, clock))
  })
