/** The two ends of a link, each with the other played by the test. */
import { assert, describe, it } from "@effect/vitest"
import { type Cause, Context, Effect, Exit, Fiber, Layer, Option, Schema, Scope } from "effect"
import { TestClock } from "effect/testing"
import { request } from "../../src/domain/Actor.ts"
import * as Envelope from "../../src/domain/Envelope.ts"
import * as Intents from "../../src/domain/gateway/Intents.ts"
import * as Payload from "../../src/domain/gateway/Payload.ts"
import type { SessionId } from "../../src/domain/Ids.ts"
import * as Mailbox from "../../src/domain/Mailbox.ts"
import type { OutletProtocol } from "../../src/domain/relay/Protocol.ts"
import { Window } from "../../src/domain/remote/Window.ts"
import * as Wire from "../../src/domain/remote/Wire.ts"
import type { SessionMessage } from "../../src/domain/session/Session.ts"
import { GuildLink, type Link, WorkerIndex } from "../../src/domain/Worker.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Guild from "../../src/programs/Guild.ts"
import { Guilds } from "../../src/programs/Guilds.ts"
import * as RemoteGuilds from "../../src/programs/RemoteGuilds.ts"
import * as Bridge from "../../src/programs/remote/Bridge.ts"
import * as Outlet from "../../src/programs/remote/Outlet.ts"
import { Pending } from "../../src/programs/remote/Pending.ts"
import * as Proxy from "../../src/programs/remote/Proxy.ts"
import * as Relays from "../../src/programs/remote/Relays.ts"
import * as Transport from "../../src/programs/Transport.ts"
import { community, GENERAL, GUILD, member, sessionId, userId } from "../support/community.ts"

/** A link that remembers what was sent over it. */
const link = Effect.gen(function* () {
  const sent: Array<string> = []
  const frames = yield* Mailbox.unbounded<string, Cause.Done>()
  const self: Link = { send: (frame) => sent.push(frame) > 0, frames }
  return { ...self, sent }
})
const settle = Effect.repeat(Effect.yieldNow, { times: 2_000 })

const Up = Schema.decodeUnknownSync(Wire.Up)
const numberOf = (frame: string): number => {
  const up = Up(frame)
  return up._tag === "Request" ? (up.number ?? -1) : -1
}

describe("a guild's proxy", () => {
  it.effect("what cannot be written is told so at once; what comes after it can", () =>
    Effect.gen(function* () {
      const wire = yield* link
      const { guild } = yield* Proxy.make(GUILD, wire, new Pending())
      const mailbox: Mailbox.Outbox<SessionMessage> = yield* Mailbox.make()
      const handle = { id: sessionId(1), mailbox, end: () => Effect.void }
      const wrong = { session: sessionId(1), user: userId(1), intents: 1.5, handle }
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Transport.call(guild, "Connect", wrong))))
      assert.strictEqual(wire.sent.length, 0)
      yield* Effect.forkChild(Transport.call(guild, "Status", undefined))
      yield* settle
      assert.strictEqual(wire.sent.length, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("so many wait for an answer, no more; the others can be withdrawn, and then are not asked at all", () =>
    Effect.gen(function* () {
      const wire = yield* link
      const pending = new Pending()
      const { guild } = yield* Proxy.make(GUILD, wire, pending)
      const total = Wire.WINDOW + 100
      const callers = yield* Effect.forEach(Array.from({ length: total }), () =>
        Effect.forkChild(Effect.flip(Transport.call(guild, "Status", undefined)))
      )
      yield* settle
      assert.strictEqual(wire.sent.length, Wire.WINDOW)
      yield* TestClock.adjust("5 seconds")
      const handled = yield* Effect.forEach(callers, (caller) =>
        Effect.map(Fiber.join(caller), (error) => ("handled" in error ? error.handled : "?"))
      )
      assert.strictEqual(handled.filter((one) => one === "maybe").length, Wire.WINDOW)
      assert.strictEqual(handled.filter((one) => one === "no").length, 100)
      // Answers make room, also those that nobody waits for any more.
      const answer = yield* Wire.ways.Status.answer.encode(Exit.succeed({ sessions: 1, active: 1, relays: 1 }))
      for (const frame of wire.sent) yield* pending.answer(numberOf(frame), answer)
      const late = yield* Effect.forkChild(Transport.call(guild, "Status", undefined))
      yield* settle
      assert.strictEqual(wire.sent.length, Wire.WINDOW + 1)
      yield* pending.answer(numberOf(wire.sent.at(-1) ?? ""), answer)
      assert.deepStrictEqual(yield* Fiber.join(late), { sessions: 1, active: 1, relays: 1 })
    }).pipe(Effect.scoped)
  )

  it.effect("when it ends, those who wait are told that their request may have been handled", () =>
    Effect.gen(function* () {
      const wire = yield* link
      const caller = yield* Effect.gen(function* () {
        const { guild } = yield* Proxy.make(GUILD, wire, new Pending())
        const caller = yield* Effect.forkDetach(Effect.flip(Transport.call(guild, "Status", undefined)))
        yield* settle
        return caller
      }).pipe(Effect.scoped)
      assert.deepInclude(yield* Fiber.join(caller), { _tag: "ActorStopped", handled: "maybe" })
    })
  )
})

describe("a worker", () => {
  it.effect("knows which one it is; hears who has joined, and of nobody who was there before", () =>
    Effect.gen(function* () {
      const wire = yield* link
      const down = (command: Wire.Command) =>
        wire.frames.offerUnsafe(
          Wire.encodeDown({ _tag: "Command", guild: GUILD, command: Envelope.make(command, undefined) })
        )
      wire.frames.offerUnsafe(Wire.encodeDown({ _tag: "Start", worker: 3, guilds: [GUILD] }))
      down({ _tag: "Begin", community })
      yield* Effect.gen(function* () {
        assert.strictEqual(yield* WorkerIndex, 3)
        const { byId, onJoin } = yield* Guilds
        const heard: Array<unknown> = []
        yield* onJoin(userId(1), (guild) => heard.push(guild))
        const enrol = { _tag: "Enrol", payload: Payload.make("GUILD_MEMBER_ADD", {}), voice: [] } as const
        down({ ...enrol, member: member(2), became: "added" })
        down({ ...enrol, member: member(1), became: "updated" })
        yield* settle
        assert.deepStrictEqual(heard, [])
        down({ ...enrol, member: member(1), became: "added" })
        yield* settle
        assert.deepStrictEqual(heard, [Option.getOrThrow(byId(GUILD))])
      }).pipe(
        Effect.provide(RemoteGuilds.layer()),
        Effect.provideService(GuildLink, wire),
        Effect.provide([Sampler.always, Offload.inline])
      )
    }).pipe(Effect.scoped)
  )
})

describe("what cannot be read over a link", () => {
  it.effect("costs the guild no place", () =>
    Effect.gen(function* () {
      const wire = yield* link
      wire.frames.offerUnsafe(Wire.encodeDown({ _tag: "Start", worker: 0, guilds: [GUILD] }))
      wire.frames.offerUnsafe(
        Wire.encodeDown({
          _tag: "Command",
          guild: GUILD,
          command: Envelope.make<Wire.Command>({ _tag: "Begin", community }, undefined)
        })
      )
      yield* Effect.gen(function* () {
        yield* Guilds
        const odd = JSON.stringify({ _tag: "Command", guild: GUILD, command: { _tag: "Dance" } })
        for (let nth = 0; nth < Wire.WINDOW; nth++) wire.frames.offerUnsafe(odd)
        yield* settle
        const taken = wire.sent
          .map((frame) => Up(frame))
          .reduce((sum, up) => sum + (up._tag === "Taken" ? up.count : 0), 0)
        assert.strictEqual(taken, Wire.WINDOW + 1)
      }).pipe(
        Effect.provide(RemoteGuilds.layer()),
        Effect.provideService(GuildLink, wire),
        Effect.provide([Sampler.always, Offload.inline])
      )
    }).pipe(Effect.scoped)
  )

  it.effect("and a worker that says it has done more, or less than nothing, holds up no guild", () =>
    Effect.gen(function* () {
      const text = (count: number) => JSON.stringify({ _tag: "Taken", guild: GUILD, count })
      for (const count of [0, -1, -1e9, 1.5, Wire.WINDOW + 1]) {
        assert.isTrue(Exit.isFailure(yield* Effect.exit(Wire.decodeUp(text(count)))))
      }
      const window = new Window(2)
      window.enter()
      for (const count of [-5, 7]) window.leave(count)
      assert.isTrue(window.isEmpty)
      window.enter()
      window.enter()
      assert.isFalse(window.hasRoom)
    })
  )
})

describe("a guild's relays at a worker", () => {
  it.effect("start as sessions come, end as they go, and leave nothing behind", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const mailbox: Mailbox.Outbox<SessionMessage> = yield* Mailbox.make()
      const proxy = yield* Proxy.make(GUILD, yield* link, new Pending())
      const arrived = (index: number) => ({ id: sessionId(index), mailbox, end: () => Effect.void })
      const relays = yield* Scope.provide(Relays.make({ ...proxy, arrived }, { worker: 0, capacity: 2 }), scope)
      const tell = (command: Wire.Command) => relays(Envelope.make(command, undefined))
      const attach = (index: number) =>
        tell({
          _tag: "Attach",
          session: sessionId(index),
          connection: index,
          user: userId(index),
          roles: [],
          intents: 0,
          isActive: true,
          welcome: Payload.make("GUILD_CREATE", { index })
        })
      const finalizers = () => (scope.state._tag === "Open" ? (scope.state.finalizers?.size ?? 1) : 0)
      yield* tell({ _tag: "Begin", community })
      for (let round = 0; round < 2; round++) {
        for (const [index, expected] of [1, 1, 2, 2, 3].entries()) {
          yield* attach(index)
          assert.strictEqual(finalizers(), expected)
        }
        for (const [index, expected] of [3, 2, 2, 1, 0].entries()) {
          yield* tell({ _tag: "Detach", session: sessionId(index) })
          yield* settle
          assert.strictEqual(finalizers(), expected)
        }
      }
    }).pipe(Effect.provide([Sampler.always, Offload.inline]), Effect.scoped)
  )
})

describe("sessions of a guild at a worker", () => {
  const nameOf = (payload: Payload.Payload) => /"t":"(\w+)"/.exec(Payload.frame(payload, 0))?.[1]
  const attach = (connection: number, session: SessionId, name: string): Wire.Command => ({
    _tag: "Attach",
    session,
    connection,
    user: userId(1),
    roles: [],
    intents: Intents.GUILD_MESSAGES,
    isActive: true,
    welcome: Payload.make(name, {})
  })
  const dispatch = (name: string): Wire.Command => ({
    _tag: "Dispatch",
    payload: Payload.make(name, {}),
    intent: Intents.GUILD_MESSAGES,
    sessions: 1
  })
  const listener = Effect.fnUntraced(function* (id: SessionId, capacity = 100) {
    const mailbox = yield* Mailbox.bounded<SessionMessage | Envelope.Envelope<SessionMessage>>(capacity)
    const heard: Array<string | undefined> = []
    const take = Effect.map(Mailbox.take(mailbox), (message) => {
      if (!Envelope.isEnvelope(message) && message._tag !== "HeartbeatAck") heard.push(nameOf(message))
    })
    return { id, mailbox, end: () => Effect.void, heard, take }
  })

  it.effect("one that comes back through another relay waits for what its first one has yet to send", () =>
    Effect.gen(function* () {
      const slow = yield* listener(sessionId(0), 1)
      const one = yield* listener(sessionId(1))
      const other = yield* listener(sessionId(2))
      const coming = [slow, one, other, one]
      const proxy = yield* Proxy.make(GUILD, yield* link, new Pending())
      const relays = yield* Relays.make(
        { ...proxy, arrived: (connection) => coming[connection] },
        { worker: 0, capacity: 2 }
      )
      const tell = (command: Wire.Command) => relays(Envelope.make(command, undefined))
      yield* tell({ _tag: "Begin", community })
      yield* tell(attach(0, slow.id, "FIRST"))
      yield* tell(attach(1, one.id, "FIRST"))
      // The sender of their relay waits for the slow one from here on.
      yield* tell(dispatch("OLD"))
      yield* tell({ _tag: "Detach", session: one.id })
      yield* tell(attach(2, other.id, "OTHER"))
      const back = yield* Effect.forkChild(
        Effect.andThen(tell(attach(3, one.id, "SECOND")), tell({ _tag: "Detach", session: slow.id }))
      )
      yield* settle
      const early = one.mailbox.length
      yield* Effect.repeat(slow.take, { times: 1 })
      yield* Fiber.join(back)
      yield* tell(dispatch("NEW"))
      yield* Effect.repeat(one.take, { times: 3 })
      assert.deepStrictEqual([early, ...one.heard], [1, "FIRST", "OLD", "SECOND", "NEW"])
    }).pipe(Effect.provide([Sampler.always, Offload.senders()]), Effect.scoped)
  )

  it.effect("each of two clients with the same session id gets what is its own", () =>
    Effect.gen(function* () {
      const wire = yield* link
      const pending = new Pending()
      const proxy = yield* Proxy.make(GUILD, wire, pending)
      const clients = [yield* listener(sessionId(1)), yield* listener(sessionId(1))]
      for (const handle of clients) {
        const payload = { session: sessionId(1), user: userId(1), intents: 0, handle }
        yield* Effect.forkChild(Effect.ignore(Transport.call(proxy.guild, "Connect", payload)))
      }
      yield* settle
      assert.deepStrictEqual(
        wire.sent.map((frame) => proxy.arrived(numberOf(frame)) === clients[wire.sent.indexOf(frame)]),
        [true, true]
      )
      // It is handed out once; and one that the guild refuses is not kept.
      assert.isUndefined(proxy.arrived(numberOf(wire.sent[0] ?? "")))
      const third = yield* listener(sessionId(2))
      const payload = { session: third.id, user: userId(1), intents: 0, handle: third }
      const refused = yield* Effect.forkChild(Effect.flip(Transport.call(proxy.guild, "Connect", payload)))
      yield* settle
      const number = numberOf(wire.sent.at(-1) ?? "")
      const refusal = new Guild.UnknownMember({ guild: GUILD, user: userId(1) })
      yield* pending.answer(number, yield* Wire.ways.Connect.answer.encode(Exit.fail(refusal)))
      assert.strictEqual((yield* Fiber.join(refused))._tag, "UnknownMember")
      assert.isUndefined(proxy.arrived(number))
    }).pipe(Effect.scoped)
  )
})

describe("both ends of a link", () => {
  /** A guild as its worker sees it. Searches of its members take for ever, and are counted. */
  const searched = Effect.gen(function* () {
    const running = { now: 0, most: 0 }
    const endless = Effect.acquireUseRelease(
      Effect.sync(() => void (running.most = Math.max(running.most, ++running.now))),
      () => Effect.never,
      () => Effect.sync(() => void running.now--)
    )
    const { open } = yield* MemberStore.MemberStore
    const store = MemberStore.MemberStore.of({
      open: (guild) => Effect.map(open(guild), (members) => ({ ...members, ids: () => endless }))
    })
    const [down, up] = [yield* link, yield* link]
    const local = yield* Effect.provideService(
      Guild.make({ community, members: [member(1), member(2)] }),
      MemberStore.MemberStore,
      store
    )
    yield* Effect.forkScoped(
      Bridge.serve({
        link: { send: (frame) => down.frames.offerUnsafe(frame), frames: up.frames },
        name: "w",
        index: 0,
        guilds: [local],
        write: Outlet.writer(),
        grace: "1 second"
      })
    )
    const worker: Link = { send: (frame) => up.frames.offerUnsafe(frame), frames: down.frames }
    const context = yield* Layer.build(RemoteGuilds.layer().pipe(Layer.provide(Layer.succeed(GuildLink, worker))))
    const [guild] = Context.get(context, Guilds).all
    assert.isDefined(guild)
    const search = (by?: number) =>
      Effect.forkChild(
        Effect.ignore(by === undefined ? guild.members.find("") : guild.members.find("", { by: userId(by) }))
      )
    return { guild, running, search }
  })
  const strategies = Effect.provide([Sampler.always, Offload.inline, MemberStore.heap])

  it.effect("however many searches take long, commands and look-ups are answered", () =>
    Effect.gen(function* () {
      const { guild, running, search } = yield* searched
      yield* Effect.repeat(search(), { times: 2 * Wire.WINDOW })
      yield* settle
      assert.isAbove(running.now, 0)
      const answers = yield* Effect.forkChild(
        Effect.all([Transport.call(guild, "Status", undefined), guild.members.get([userId(1), userId(3)])])
      )
      yield* settle
      const answered = answers.pollUnsafe()
      assert.isTrue(answered !== undefined && Exit.isSuccess(answered))
    }).pipe(Effect.scoped, strategies)
  )

  it.effect("one user's searches have a share of the places, and no more", () =>
    Effect.gen(function* () {
      const { running, search } = yield* searched
      yield* Effect.repeat(search(1), { times: 500 })
      yield* settle
      const share = running.now
      assert.isAbove(share, 0)
      assert.isBelow(share, 10)
      yield* search(2)
      yield* settle
      assert.strictEqual(running.now, share + 1)
    }).pipe(Effect.scoped, strategies)
  )

  it.effect("who gives up a search ends it at the guild's end, and gives back the place at once", () =>
    Effect.gen(function* () {
      const { running, search } = yield* searched
      const first = yield* Effect.forEach(Array.from({ length: 100 }), () => search())
      yield* settle
      const places = running.now
      assert.isBelow(places, 100)
      for (const one of first.slice(0, places)) yield* Fiber.interrupt(one)
      yield* settle
      assert.strictEqual(running.now, places)
      for (const one of first) yield* Fiber.interrupt(one)
      yield* settle
      assert.strictEqual(running.now, 0)
      // No more were under way at a time than there are places.
      assert.strictEqual(running.most, places)
      // Who waits too long gives up too.
      yield* search(1)
      yield* settle
      assert.strictEqual(running.now, 1)
      yield* TestClock.adjust("35 seconds")
      yield* settle
      assert.strictEqual(running.now, 0)
    }).pipe(Effect.scoped, strategies)
  )

  it.effect("very many ids come in parts, and are all there", () =>
    Effect.gen(function* () {
      const count = 40_000
      const [down, up] = [yield* link, yield* link]
      const members = Array.from({ length: count }, (_, index) => member(index + 1))
      const local = yield* Guild.make({ community, members })
      const guilds: Link = {
        send: (frame) => down.send(frame) && down.frames.offerUnsafe(frame),
        frames: up.frames
      }
      const worker: Link = { send: (frame) => up.frames.offerUnsafe(frame), frames: down.frames }
      yield* Effect.forkScoped(
        Bridge.serve({ link: guilds, name: "w", index: 0, guilds: [local], write: Outlet.writer(), grace: "1 second" })
      )
      yield* Effect.gen(function* () {
        const [guild] = (yield* Guilds).all
        assert.isDefined(guild)
        const found = yield* guild.members.find("")
        assert.strictEqual(found.size, count)
        assert.isTrue(members.every(({ user }) => found.has(user.id)))
        assert.strictEqual((yield* guild.members.find("", { limit: 3 })).size, 3)
        const page = yield* guild.members.page(userId(7), 2)
        assert.deepStrictEqual(
          page.map(({ member }) => member.user.id),
          [userId(8), userId(9)]
        )
      }).pipe(Effect.provide(RemoteGuilds.layer()), Effect.provideService(GuildLink, worker))
      assert.isTrue(down.sent.every((frame) => frame.length < 250_000))
    }).pipe(Effect.provide([Sampler.always, Offload.inline, MemberStore.heap]), Effect.scoped)
  )
})

describe("an outlet", () => {
  type Relay = OutletProtocol
  const payload = Payload.make("HELLO_WORLD", {})
  const dispatch = () => request<Relay, "Dispatch">("Dispatch", { payload, channel: GENERAL, intent: 1, sessions: 1 })
  const made = Effect.fnUntraced(function* () {
    const wire = yield* link
    const outlet = yield* Outlet.make({ guild: GUILD, link: wire, write: Outlet.writer(), grace: "1 second" })
    return { wire, outlet }
  })

  it.effect("what cannot be written costs nothing that can", () =>
    Effect.gen(function* () {
      const { outlet, wire } = yield* made()
      const subscriber = { session: { id: sessionId(1), connection: 0 }, user: userId(1), roles: [], intents: 1.5 }
      yield* Mailbox.offer(
        outlet.relay.mailbox,
        request<Relay, "Attach">("Attach", { subscriber, isActive: true, welcome: payload })
      )
      yield* Mailbox.offer(outlet.relay.mailbox, dispatch())
      yield* settle
      assert.strictEqual(wire.sent.length, 1)
    }).pipe(Effect.scoped)
  )

  it.effect("no more is under way than there is room for; nobody waits for a worker that is gone", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { outlet, wire } = yield* Scope.provide(made(), scope)
      const guild = yield* Effect.forkChild(
        Effect.forEach(Array.from({ length: 3_000 }), () => Mailbox.offer(outlet.relay.mailbox, dispatch()))
      )
      yield* settle
      assert.strictEqual(wire.sent.length, Wire.WINDOW)
      outlet.taken(10)
      yield* settle
      assert.strictEqual(wire.sent.length, Wire.WINDOW + 10)
      assert.isUndefined(guild.pollUnsafe())
      yield* Scope.close(scope, Exit.void)
      const taken = yield* Fiber.join(guild)
      assert.isFalse(taken.at(-1))
      assert.isDefined(outlet.relay.refusal("Dispatch"))
    }).pipe(Effect.scoped)
  )

  it.effect("what is handed to all workers is written once", () =>
    Effect.sync(() => {
      const write = Outlet.writer()
      const [first, second] = [dispatch(), dispatch()]
      const text = write(GUILD, first)
      write(GUILD, second)
      assert.strictEqual(write(GUILD, first), text)
    })
  )
})
