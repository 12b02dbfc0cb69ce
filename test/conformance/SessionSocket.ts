/** What every session's socket promises. `open` gives both ends of a connection. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, type Scope } from "effect"
import * as Payload from "../../src/domain/gateway/Payload.ts"
import type { SessionSocket, SocketClosed } from "../../src/domain/SessionSocket.ts"

/** The other end, as a client of that kind of socket sees it. */
export interface Peer {
  readonly receive: Effect.Effect<string, SocketClosed>
  readonly send: (frame: string | Uint8Array) => Effect.Effect<void, SocketClosed>
  readonly close: (code: number, reason: string) => Effect.Effect<void>
}

export interface Pair {
  readonly socket: SessionSocket["Service"]
  readonly peer: Peer
}

export interface Stalled {
  readonly socket: SessionSocket["Service"]
  readonly leave: Effect.Effect<void>
}

const Frames = Schema.Array(Schema.String)

/** Texts of all lengths at which the frames of a WebSocket begin to look otherwise, in characters of one byte and more. */
const Text = Schema.Struct({
  character: Schema.Literals(["a", "é", "🎺"]),
  length: Schema.Literals([0, 80, 90, 100, 110, 16_000, 65_490, 65_500, 65_510, 140_000])
})
const Outgoing = Schema.Array(
  Schema.Struct({
    event: Schema.Literals([true, true, true, false]),
    sequence: Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 1_000_000 })),
    text: Text
  })
)
const textOf = ({ character, length }: typeof Text.Type) => character.repeat(length)

/**
 * `hears` is whether the client can say anything on it; on a stream of responses it cannot. `stalled` gives a socket
 * whose client is there and does not read, where there is a network between them. Where frames come compressed there may be
 * spaces around them (`isPadded`), which JSON may have.
 */
export const conforms = (
  name: string,
  open: Effect.Effect<Pair, unknown, Scope.Scope>,
  {
    hears,
    isPadded = false,
    stalled
  }: {
    readonly hears: boolean
    readonly isPadded?: boolean
    readonly stalled?: Effect.Effect<Stalled, unknown, Scope.Scope>
  } = { hears: true }
) =>
  describe(`SessionSocket: ${name}`, () => {
    it.live.prop(
      "frames arrive as they were sent, in order, both ways",
      [Frames, Frames],
      ([out, back]) =>
        Effect.gen(function* () {
          const { peer, socket } = yield* open
          yield* Effect.forEach(out, socket.send, { discard: true })
          if (hears) yield* Effect.forEach(back, peer.send, { discard: true })
          const wellFormed = (frames: ReadonlyArray<string>) =>
            frames.map((frame) => (isPadded ? frame.trim() : frame).toWellFormed())
          const received = yield* Effect.forEach(out, () => peer.receive)
          assert.deepStrictEqual(wellFormed(received), wellFormed(out))
          if (!hears) return
          const answered = yield* Effect.forEach(back, () => socket.receive)
          assert.deepStrictEqual(
            wellFormed(answered.map((frame) => (typeof frame === "string" ? frame : ""))),
            wellFormed(back)
          )
        }).pipe(Effect.scoped),
      { arbitrary: { runs: 20 } }
    )

    it.live.prop(
      "events that are handed over without waiting arrive as if they had been sent, in order with what is sent",
      [Outgoing],
      ([out]) =>
        Effect.gen(function* () {
          const { peer, socket } = yield* open
          const expected: Array<string> = []
          for (const { event, sequence, text } of out) {
            const payload = Payload.make("TEXT", textOf(text))
            const frame = Payload.frame(payload, sequence)
            expected.push(frame)
            if (!event || !socket.sendUnsafe(payload, sequence)) yield* socket.send(frame)
          }
          const received = yield* Effect.forEach(out, () => peer.receive)
          assert.deepStrictEqual(isPadded ? received.map((frame) => frame.trim()) : received, expected)
        }).pipe(Effect.scoped),
      { arbitrary: { runs: 30 } }
    )

    it.live.runIf(hears)("a binary frame is told from text", () =>
      Effect.gen(function* () {
        const { peer, socket } = yield* open
        yield* peer.send(new Uint8Array([1, 2, 3]))
        assert.deepStrictEqual(yield* socket.receive, new Uint8Array([1, 2, 3]))
      }).pipe(Effect.scoped)
    )

    it.live("when it closes, the client gets what was sent before, then the code; and nothing can be sent", () =>
      Effect.gen(function* () {
        const { peer, socket } = yield* open
        yield* socket.send("last")
        yield* socket.close(4004, "Authentication failed.")
        yield* socket.close(4000, "a second close counts for nothing")
        assert.strictEqual(yield* peer.receive, "last")
        assert.deepInclude(yield* Effect.flip(peer.receive), { code: 4004, reason: "Authentication failed." })
        assert.strictEqual((yield* Effect.flip(socket.send("too late")))._tag, "SocketClosed")
        assert.isFalse(socket.sendUnsafe(Payload.make("TOO_LATE", null), 1))
        assert.strictEqual((yield* Effect.flip(socket.receive))._tag, "SocketClosed")
      }).pipe(Effect.scoped)
    )

    it.live("when the client closes, what it sent before is received, then its code", () =>
      Effect.gen(function* () {
        const { peer, socket } = yield* open
        if (hears) yield* peer.send("last")
        yield* peer.close(3001, "bye")
        if (hears) assert.strictEqual(yield* socket.receive, "last")
        const closed = hears ? { code: 3001, reason: "bye" } : { code: 1006 }
        assert.deepInclude(yield* Effect.flip(socket.receive), { _tag: "SocketClosed" as const, ...closed })
        assert.strictEqual((yield* Effect.flip(socket.send("too late")))._tag, "SocketClosed")
      }).pipe(Effect.scoped)
    )

    it.live.runIf(stalled)("a client that does not read makes send wait; its leaving ends the wait", () =>
      Effect.gen(function* () {
        const { leave, socket } = yield* stalled ?? Effect.die("not run")
        const chunk = "x".repeat(64 * 1024)
        let sent = 0
        // Far more than the kernel's buffers take: unless send waits, this never ends.
        const flood = Effect.forever(
          Effect.andThen(
            socket.send(chunk),
            Effect.sync(() => sent++)
          )
        )
        assert.strictEqual((yield* Effect.timeoutOption(flood, "300 millis"))._tag, "None")
        assert.isAbove(sent, 0)
        const before = sent
        assert.strictEqual((yield* Effect.timeoutOption(flood, "300 millis"))._tag, "None")
        assert.isAtMost(sent - before, 1)
        // Nor is anything taken without waiting.
        const payload = Payload.make("FLOOD", chunk)
        let taken = 0
        while (socket.sendUnsafe(payload, taken)) assert.isBelow(taken++, 100)
        yield* leave
        assert.strictEqual((yield* Effect.flip(flood))._tag, "SocketClosed")
      }).pipe(Effect.scoped)
    )
  })
