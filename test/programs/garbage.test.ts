/** What a delivery leaves to the collector: nothing. A function that captures something costs 50 bytes at each call. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as FanOut from "../../src/domain/FanOut.ts"
import * as Payload from "../../src/domain/gateway/Payload.ts"
import * as RunQueue from "../../src/domain/mailbox/RunQueue.ts"
import * as Sender from "../../src/domain/Sender.ts"
import type { SessionSocket } from "../../src/domain/SessionSocket.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Session from "../../src/programs/Session.ts"
import { sessionId } from "../support/community.ts"
import { settled } from "../support/settled.ts"

/** So few that the line in which they are woken need not grow. */
const SESSIONS = 1_000
const ROUNDS = 60
const WARM_UP = 20
/** Far below a closure or what it captures, far above what the fan-out itself comes to. */
const BYTES = 24

const payload = Payload.make("TYPING_START", "{}")

/** Bytes that each delivery takes, to be collected later: the median of many fan-outs. */
const bytesOfDelivery = Effect.fnUntraced(function* (
  sender: Sender.Sender,
  recipients: ReadonlyArray<Session.Session>
) {
  const rounds: Array<number> = []
  for (let round = -WARM_UP; round < ROUNDS; round++) {
    const before = process.memoryUsage().heapUsed
    yield* sender.push(FanOut.uniform(recipients, payload), () => Effect.void)
    // Whoever was woken has been served.
    yield* RunQueue.turn
    const bytes = process.memoryUsage().heapUsed - before
    // It is less where the collector came meanwhile.
    if (round >= 0 && bytes >= 0) rounds.push(bytes / recipients.length)
    yield* settled
  }
  return rounds.toSorted((one, other) => one - other)[Math.floor(rounds.length / 2)] ?? Number.NaN
})

describe("a delivery to a session that waits makes no garbage", () => {
  it.effect.each([
    ["in passing", Sender.inline],
    ["by its mailbox", Sender.direct]
  ] as const)("%s", ([, sender]) =>
    Effect.gen(function* () {
      const start = yield* Session.starter()
      let frames = 0
      const socket: SessionSocket["Service"] = {
        receive: Effect.never,
        send: () => Effect.void,
        sendUnsafe: () => {
          frames++
          return true
        },
        close: () => Effect.void
      }
      const sessions = Array.from({ length: SESSIONS }, (_, index) => start({ id: sessionId(index), socket }))
      yield* settled
      const bytes = yield* bytesOfDelivery(sender, sessions)
      assert.isBelow(bytes, BYTES)
      assert.strictEqual(frames, (ROUNDS + WARM_UP) * SESSIONS)
      yield* Effect.forEach(sessions, (session) => session.stop, { discard: true })
    }).pipe(Effect.provide(Sampler.never))
  )
})
