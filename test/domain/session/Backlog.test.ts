/** What waits for sessions, counted in bytes as mailboxes are filled and emptied. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Result, Schema } from "effect"
import * as Envelope from "../../../src/domain/Envelope.ts"
import * as Payload from "../../../src/domain/gateway/Payload.ts"
import { EMPTY } from "../../../src/domain/mailbox/Buffer.ts"
import * as RunQueue from "../../../src/domain/mailbox/RunQueue.ts"
import { Backlog, UNSENT } from "../../../src/domain/session/Backlog.ts"
import { SessionMailbox } from "../../../src/domain/session/SessionMailbox.ts"
import { userId } from "../../support/community.ts"

const SESSIONS = 5
const Who = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: SESSIONS - 1 }))
const Steps = Schema.Array(
  Schema.Union([
    Schema.TaggedStruct("Offer", {
      who: Who,
      what: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 3 })),
      isTraced: Schema.Boolean
    }),
    // Once more, so that mailboxes fill.
    Schema.TaggedStruct("Offer", { who: Who, what: Schema.Literals([0, 1]), isTraced: Schema.Boolean }),
    Schema.TaggedStruct("Ack", { who: Who }),
    Schema.TaggedStruct("Stall", { who: Who }),
    Schema.TaggedStruct("Take", { who: Who }),
    Schema.TaggedStruct("Close", { who: Who })
  ])
)

describe("Backlog", () => {
  it.effect.prop(
    "counts what lies in mailboxes of those who do not keep up; these take nothing beyond what they may have waiting",
    [Steps],
    ([steps]) =>
      Effect.withFiber((fiber) => {
        const backlog = new Backlog({ session: 300, user: 500, process: 1_000_000, sessions: SESSIONS })
        const payloads = [10, 100, 200, 400].map((size) => Payload.make("TEXT", "x".repeat(size)))
        const sessions = Array.from({ length: SESSIONS }, (_, index) => ({
          user: index % 2,
          share: Result.getOrThrow(backlog.join(userId(index % 2))),
          mailbox: new SessionMailbox(6, RunQueue.of(fiber)),
          lies: [] as Array<Payload.Payload | undefined>,
          isClosed: false,
          isCounting: false
        }))
        const size = (all: Iterable<Payload.Payload | undefined>) =>
          Array.from(all).reduce((sum, one) => sum + (one?.octets.length ?? 0), 0)
        for (const step of steps) {
          const session = sessions[step.who]
          assert.isDefined(session)
          const { isClosed, isCounting, lies, mailbox, user } = session
          const counted = sessions.filter((other) => other.isCounting)
          const ofUser = counted.filter((other) => other.user === user).flatMap((other) => other.lies)
          const isFull = isCounting && (size(lies) >= 300 || size(ofUser) >= 500)
          const hasRoom = !isClosed && lies.length < 6 && !isFull
          switch (step._tag) {
            case "Offer": {
              const payload = payloads[step.what]
              assert.isDefined(payload)
              const message = step.isTraced ? Envelope.make(payload) : payload
              assert.strictEqual(mailbox.offerUnsafe(message), hasRoom)
              if (hasRoom) lies.push(payload)
              break
            }
            case "Ack":
              assert.strictEqual(mailbox.offerUnsafe({ _tag: "HeartbeatAck" }), hasRoom)
              if (hasRoom) lies.push(undefined)
              break
            case "Stall":
              mailbox.count(session.share)
              session.isCounting = true
              break
            case "Take":
              assert.strictEqual(mailbox.takeUnsafe() === EMPTY, lies.length === 0)
              if (lies.length === 1) session.isCounting = false
              lies.shift()
              break
            case "Close":
              mailbox.shutdownUnsafe()
              if (lies.length > 0) session.isCounting = false
              lies.length = 0
              session.isClosed = true
          }
          const lying = sessions.filter((other) => other.isCounting).flatMap((other) => other.lies)
          assert.strictEqual(backlog.bytes, size(new Set(lying)))
        }
        return Effect.void
      })
  )

  it.effect("while too much waits in all, those who have waited longest for their connections are sent away", () =>
    Effect.withFiber((fiber) => {
      const backlog = new Backlog({ session: 1_000_000, user: 1_000_000, process: 3 * UNSENT + 1_000, sessions: 1 })
      const shed: Array<number> = []
      const slow = [0, 1, 2, 3].map((index) => ({ shed: () => void shed.push(index) }))
      for (const session of slow) backlog.stalled(session)
      // One of them is one too many.
      assert.deepStrictEqual(shed, [0])
      const mailbox = new SessionMailbox(10, RunQueue.of(fiber))
      const [, , second] = slow
      assert.isDefined(second)
      backlog.resumed(second)
      mailbox.count(Result.getOrThrow(backlog.join(userId(1))))
      mailbox.offerUnsafe(Payload.make("TEXT", "x".repeat(900)))
      assert.deepStrictEqual(shed, [0])
      mailbox.offerUnsafe(Payload.make("TEXT", "x".repeat(UNSENT + 200)))
      assert.deepStrictEqual(shed, [0, 1])
      // What waits for those who keep up is not theirs to answer for.
      mailbox.offerUnsafe(Payload.make("TEXT", "x".repeat(5 * UNSENT)))
      assert.deepStrictEqual(shed, [0, 1, 3])
      mailbox.clear()
      assert.strictEqual(backlog.bytes, 0)
      return Effect.void
    })
  )
})
