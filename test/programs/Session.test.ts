import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Queue } from "effect"
import * as Payload from "../../src/domain/gateway/Payload.ts"
import * as Propagation from "../../src/domain/Propagation.ts"
import { SessionSocket, SocketClosed } from "../../src/domain/SessionSocket.ts"
import * as memory from "../../src/layers/SessionSocket/memory.ts"
import * as Session from "../../src/programs/Session.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { sessionId } from "../support/community.ts"
import { recorder, traced } from "../support/tracing.ts"

const hello = Payload.make("HELLO_WORLD", { text: "hello" })

describe("Session", () => {
  it.effect("numbers events, and nothing else", () =>
    Effect.gen(function* () {
      const { client, socket } = yield* memory.make()
      const session = yield* Effect.provideService(Session.make({ id: sessionId(1) }), SessionSocket, socket)
      yield* Transport.send(session.mailbox, hello)
      yield* Transport.send(session.mailbox, { _tag: "HeartbeatAck" })
      yield* Transport.send(session.mailbox, hello)
      const frames = yield* Queue.takeN(client.frames, 3)
      assert.deepStrictEqual(
        frames.map((frame): unknown => JSON.parse(frame)),
        [
          { t: "HELLO_WORLD", op: 0, d: { text: "hello" }, s: 1 },
          { t: null, op: 11, d: null, s: null },
          { t: "HELLO_WORLD", op: 0, d: { text: "hello" }, s: 2 }
        ]
      )
    })
  )

  it.effect("its end is known, whoever brought it about", () =>
    Effect.gen(function* () {
      const { client, socket } = yield* memory.make()
      const session = yield* Effect.provideService(Session.make({ id: sessionId(1) }), SessionSocket, socket)
      yield* client.close(1000, "bye")
      yield* Transport.send(session.mailbox, hello)
      assert.deepInclude(yield* session.closed, { code: 1000, reason: "bye" })

      const other = yield* memory.make()
      const ended = yield* Effect.provideService(Session.make({ id: sessionId(2) }), SessionSocket, other.socket)
      yield* ended.end({ code: 4000, reason: "enough" })
      assert.deepInclude(yield* ended.closed, { code: 4000 })
      assert.deepInclude(yield* other.client.closed, { code: 4000 })
    })
  )

  it.effect.each(["continue", "start"] as const)(
    "it continues traces and starts none, whatever is done as it delivers (policy where it is made: %s)",
    (policy) => {
      const spans = recorder()
      const traces = Effect.withSpan(Effect.void, "of the socket's own", { root: true })
      return Effect.gen(function* () {
        const { client, socket } = yield* memory.make()
        const tracing = {
          ...socket,
          sendUnsafe: () => false,
          send: (frame: string) => Effect.andThen(traces, socket.send(frame))
        }
        const session = yield* Session.make({ id: sessionId(1) }).pipe(
          Effect.provideService(SessionSocket, tracing),
          Effect.provideService(Propagation.policy, policy)
        )
        yield* Transport.send(session.mailbox, hello)
        yield* Queue.take(client.frames)
        assert.deepStrictEqual(spans.opened, [])
        yield* traced(Transport.send(session.mailbox, hello))
        yield* Queue.take(client.frames)
        assert.deepStrictEqual(
          spans.opened.map(({ name }) => name),
          ["session.deliver", "of the socket's own"]
        )
      }).pipe(Effect.provide(spans.layer))
    }
  )

  it.effect("a socket that dies of a defect ends its session, and is not silent about it", () =>
    Effect.gen(function* () {
      let closed: number | undefined
      const broken = Layer.succeed(SessionSocket, {
        receive: Effect.never,
        send: () => Effect.die("broken"),
        sendUnsafe: () => false,
        close: (code) => Effect.sync(() => void (closed = code))
      })
      const session = yield* Effect.provide(Session.make({ id: sessionId(1) }), broken)
      yield* Transport.send(session.mailbox, hello)
      assert.instanceOf(yield* session.closed, SocketClosed)
      assert.strictEqual(closed, 4000)
    })
  )
})
