/** What every session's socket promises. `open` gives both ends of a connection. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema, type Scope } from "effect"
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

/**
 * `hears` is whether the client can say anything on it; on a stream of responses it cannot. `stalled` gives a socket
 * whose client is there and does not read, where there is a network between them.
 */
export const conforms = (
  name: string,
  open: Effect.Effect<Pair, unknown, Scope.Scope>,
  { hears, stalled }: { readonly hears: boolean; readonly stalled?: Effect.Effect<Stalled, unknown, Scope.Scope> } = {
    hears: true
  }
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
          const wellFormed = (frames: ReadonlyArray<string>) => frames.map((frame) => frame.toWellFormed())
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
        yield* leave
        assert.strictEqual((yield* Effect.flip(flood))._tag, "SocketClosed")
      }).pipe(Effect.scoped)
    )
  })
