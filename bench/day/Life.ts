/** How a guild lives through the day: what its people do, one thing beside the other, each checked by the model. */
import { Effect, Semaphore, Tracer } from "effect"
import { type Guild, Ids, Transport } from "../../src/index.ts"
import type * as discord from "../../test/support/discord.ts"
import { below } from "../../test/support/random.ts"
import * as clients from "./clients.ts"
import type { Findings } from "./Findings.ts"
import { hashOf } from "./hash.ts"
import { Ledger } from "./Ledger.ts"
import type { Change, Channel, Session } from "./Model.ts"
import { type Ended, Observer, type Pending } from "./Observer.ts"
import { texts } from "./reading.ts"
import { areSame, areSameButLate, NOTHING, type Seen, type Tally } from "./Tally.ts"
import { type Answer, DONE, type Manner, type Order } from "./talk.ts"
import { clientOf, EVERYTHING, intentsOf, mask, memberOf, nameOf, overwriteOf, type Place, userOf } from "./town.ts"
import { until } from "./until.ts"
import type { World } from "./world.ts"

const MENTION_EVERYONE = 17
const VIEW = 10
const CONNECT = 20

/** How long anything may take until it counts as lost: a guild in which a thousand speak at once is busy for half a minute. */
const PATIENCE_MILLIS = 120_000
export const PROGRESS_MILLIS = 5_000

/** What may wait for a client that reads no more, besides what its mailbox has room for. */
const SPARE = 16

/** How often something is tried that the store may refuse: one time in twelve it does. */
const ATTEMPTS = 10

/** Sessions looked at in one piece. */
const PIECE = 500

export interface Options {
  readonly place: Place
  readonly guild: Guild.Guild
  readonly world: World
  readonly tally: Tally
  readonly tracer: Tracer.Tracer
  readonly findings: Findings
  readonly random: () => number
  /** What stands before each finding: offload, seed, guild. */
  readonly where: string
  /** Of the mailboxes of those who stop reading. */
  readonly capacity: number
  /** How long deliveries that are due are waited for while none come. */
  readonly progressMillis?: number
}

export class Life {
  readonly place: Place
  readonly guild: Guild.Guild
  readonly observer: Observer
  readonly ledger: Ledger
  readonly findings: Findings
  readonly random: () => number
  /** Held by whatever changes more than who is there. */
  readonly lane = Semaphore.makeUnsafe(1)
  /** Clients with whom something is going on. */
  readonly busy = new Set<number>()
  readonly away = new Set<number>()
  /** Those who began by looking elsewhere. */
  readonly wasPassive = new Set<number>()
  /** Nothing happens any more, but what is under way. */
  isPaused = false
  /** People only talk. */
  isHalted = false
  /** What is under way, but for messages. */
  acting = 0
  private readonly world: World
  private readonly tally: Tally
  private readonly tracer: Tracer.Tracer
  private readonly where: string
  private readonly progressMillis: number
  private readonly capacity: number
  private version = 0

  constructor(options: Options) {
    const { findings, guild, place, random, tally, tracer, where, world } = options
    this.progressMillis = options.progressMillis ?? PROGRESS_MILLIS
    this.capacity = options.capacity
    this.place = place
    this.guild = guild
    this.world = world
    this.tally = tally
    this.tracer = tracer
    this.findings = findings
    this.random = random
    this.where = where
    this.ledger = new Ledger((what, detail) => this.wrong(what, detail))
    this.observer = new Observer(place, this.ledger, (what, detail) => this.wrong(what, detail))
  }

  get model() {
    return this.place.model
  }

  wrong(what: string, detail: string): void {
    this.findings.add({ what, where: this.where, detail })
  }

  pick<A>(all: ReadonlyArray<A>): A | undefined {
    return all[below(this.random, all.length)]
  }

  isLikely(share: number): boolean {
    return this.random() < share
  }

  threadOf(client: number): number {
    return client % this.world.threads
  }

  /** One at least hears of everything, besides the administrator. */
  intentsOf(client: number): number {
    return client === this.place.first + 1 ? EVERYTHING : intentsOf(client)
  }

  mannerOf(client: number): Manner {
    // Who hears of everybody who comes has to read, or is too slow.
    if (this.intentsOf(client) === EVERYTHING) return "reads"
    const nth = client - this.place.first
    if (nth % 211 === 3) return "stops"
    return nth % 37 === 5 ? "pauses" : "reads"
  }

  /** Nobody else has anything to do with a client meanwhile. */
  held<A>(client: number, effect: Effect.Effect<A>): Effect.Effect<A> {
    return Effect.suspend(() => {
      this.busy.add(client)
      return Effect.ensuring(
        effect,
        Effect.sync(() => this.busy.delete(client))
      )
    })
  }

  /** Has a client do something. */
  order(client: number, order: Order): Effect.Effect<Answer> {
    return Effect.map(this.world.perform(this.threadOf(client), [order]), ([answer = DONE]) => answer)
  }

  /** Waits until something is so; answers whether it came to be. */
  until(isSo: () => boolean, millis = PATIENCE_MILLIS): Effect.Effect<boolean> {
    return until(isSo, millis)
  }

  connectOrder(client: number, looksElsewhere: boolean): Extract<Order, { do: "connect" }> {
    const intents = this.intentsOf(client)
    const isPassive = looksElsewhere && intents !== EVERYTHING
    if (isPassive) this.wasPassive.add(client)
    else this.wasPassive.delete(client)
    const manner = this.mannerOf(client)
    const user = userOf(client)
    return { do: "connect", client, guild: this.place.index, user, intents, isPassive, manner }
  }

  /** Says something, in this thread or, where they live in others, from there. */
  say(author: string, channel: string, text: string, timeout = 60_000): Effect.Effect<Said> {
    return Effect.suspend(() => {
      const number = this.ledger.begin()
      const content = `${number}${text}`
      const draft = { content, embeds: [], tts: false }
      const call = clients.answered(
        Transport.call(
          this.guild,
          "SendMessage",
          { author: Ids.UserId.make(author), channel: Ids.ChannelId.make(channel), draft },
          { timeout }
        )
      )
      const thread = below(this.random, this.world.threads)
      const isElsewhere = this.world.threads > 1 && this.isLikely(0.3)
      const said = isElsewhere
        ? Effect.map(
            this.world.perform(thread, [{ do: "say", guild: this.place.index, author, channel, content, timeout }]),
            ([answer = DONE]) => answer
          )
        : call
      const isTraced = this.isLikely(0.05)
      const traced = isTraced
        ? Effect.provideService(Effect.withSpan(said, "day.say"), Tracer.Tracer, this.tracer)
        : said
      return Effect.map(traced, (answer) => {
        this.ledger.answered(number, answer)
        return { number, answer }
      })
    })
  }

  /** The administrator says something, in the channel that all see: until their store lets them. Gives its token. */
  announce(text: string, channel = this.place.open): Effect.Effect<number> {
    return Effect.gen({ self: this }, function* () {
      const { owner } = this.place
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { answer, number } = yield* this.say(owner, channel, text)
        if (answer.error === "StoreUnavailable" || answer.error === "WorkerDied") continue
        if (answer.error !== undefined) this.wrong("the administrator may not speak", answer.error)
        const isHeard = yield* this.until(() => this.ledger.isHeard(number))
        if (!isHeard) this.wrong("the administrator does not hear what they say", `message ${number}`)
        return this.model.tokenOf(number)
      }
      return 0
    })
  }

  /** What was handled before has been heard of by then. */
  readonly marker: Effect.Effect<unknown> = Effect.suspend(() => this.announce(" marker"))

  /** Somebody says something to more or fewer, and calls some of them. */
  readonly talk: Effect.Effect<unknown> = Effect.suspend(() => {
    const { few, free, half, open, owner, roles } = this.place
    const channel = this.pick([open, open, half, half, few, few, ...free, ...this.created("text")]) ?? open
    const { clients, first } = this.place
    const author = this.isLikely(0.4) ? owner : userOf(first + below(this.random, clients))
    let text = ""
    if (this.isLikely(0.1)) text += ` <@${userOf(first + below(this.random, clients))}>`
    if (this.isLikely(0.04)) text += ` <@&${this.pick([roles.half, roles.few, ...roles.free]) ?? roles.few}>`
    if (this.isLikely(0.02)) text += " @everyone"
    if (this.isLikely(0.1)) text += ` ${"é".repeat(below(this.random, 300))}`
    if (this.isLikely(0.1)) text += ` ${"long ".repeat(below(this.random, 300))}`
    return this.say(author, channel, text, this.isLikely(0.03) ? 2 : 60_000)
  })

  /** Channels of a kind that came in the course of the day. */
  created(kind: Channel["kind"]): ReadonlyArray<string> {
    const { calls, few, free, half, open } = this.place
    const known = new Set([open, half, few, ...free, ...calls])
    return Array.from(this.model.channels).flatMap(([id, channel]) =>
      channel.kind === kind && !known.has(id) ? [id] : []
    )
  }

  /** Has the guild change something, until the administrator has heard of it; whatever its store makes of that. */
  change(
    wanted: (attempt: number) => Pending["change"],
    call: (change: Pending["change"]) => Effect.Effect<Answer>
  ): Effect.Effect<Pending | undefined> {
    return Effect.gen({ self: this }, function* () {
      let error = ""
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const pending: Pending = { change: wanted(attempt), isHeard: false }
        this.observer.pending.push(pending)
        const answer = yield* call(pending.change)
        if (answer.error === undefined && !pending.isHeard) yield* this.until(() => pending.isHeard, 500)
        // What is heard of in several events has been heard of entirely.
        if (answer.error !== undefined || !pending.isHeard || pending.change.do.startsWith("remove")) yield* this.marker
        this.observer.pending.splice(this.observer.pending.indexOf(pending), 1)
        const asked = `${JSON.stringify(pending.change)}, attempt ${attempt + 1}`
        // Of what is not in the store, no answer is lost.
        const mayBeDone = answer.handled === "maybe" && !/Role|Channel/.test(pending.change.do)
        if (pending.isHeard && answer.error !== undefined && !mayBeDone) {
          this.wrong("a change was refused, and heard of", `${asked}: ${answer.error}`)
        }
        if (pending.isHeard) return pending
        if (answer.error === undefined) {
          this.wrong("a change was acknowledged, and nobody heard of it", asked)
          return undefined
        }
        if (answer.handled !== "maybe") {
          this.wrong("a change was refused", `${asked}: ${answer.error}`)
          return undefined
        }
        error = answer.error
      }
      this.wrong("a change failed again and again", `${JSON.stringify(wanted(ATTEMPTS))}: ${error}`)
      return undefined
    })
  }

  nextVersion(): string {
    return String(++this.version)
  }

  putChannel(id: string, channel: Channel): Effect.Effect<unknown> {
    const change: Change = { do: "putChannel", id, channel }
    const overwrites = channel.overwrites.map(overwriteOf)
    const { topic } = channel
    return this.change(
      () => change,
      () =>
        clients.answered(
          id === ""
            ? Transport.call(
                this.guild,
                "CreateChannel",
                { channel: { name: channel.kind, kind: channel.kind, topic, overwrites } },
                LONG
              )
            : Transport.call(
                this.guild,
                "UpdateChannel",
                { channel: Ids.ChannelId.make(id), patch: { topic, overwrites } },
                LONG
              )
        )
    )
  }

  removeChannel(id: string): Effect.Effect<unknown> {
    return this.change(
      () => ({ do: "removeChannel", id }),
      () => clients.answered(Transport.call(this.guild, "DeleteChannel", { channel: Ids.ChannelId.make(id) }, LONG))
    )
  }

  putRole(id: string, permissions: ReadonlyArray<number>): Effect.Effect<unknown> {
    const name = `role ${this.nextVersion()}`
    const isEveryone = id === this.place.id
    const role = { name: isEveryone ? "@everyone" : name, permissions }
    const parts = { ...(isEveryone ? {} : { name }), permissions: mask(permissions) }
    return this.change(
      () => ({ do: "putRole", id, role }),
      () =>
        clients.answered(
          id === ""
            ? Transport.call(this.guild, "CreateRole", { role: parts }, LONG)
            : Transport.call(this.guild, "UpdateRole", { role: Ids.RoleId.make(id), patch: parts }, LONG)
        )
    )
  }

  removeRole(id: string): Effect.Effect<unknown> {
    return this.change(
      () => ({ do: "removeRole", id }),
      () => clients.answered(Transport.call(this.guild, "DeleteRole", { role: Ids.RoleId.make(id) }, LONG))
    )
  }

  updateMember(user: string, roles: ReadonlyArray<string>): Effect.Effect<unknown> {
    return this.change(
      () => ({ do: "updateMember", user, nick: `nick ${this.nextVersion()}`, roles }),
      (change) => {
        const nick = change.do === "updateMember" ? change.nick : ""
        const patch = { nick, roles: roles.map((id) => Ids.RoleId.make(id)) }
        return clients.answered(
          Transport.call(this.guild, "UpdateMember", { user: Ids.UserId.make(user), patch }, LONG)
        )
      }
    )
  }

  addMember(user: string, roles: ReadonlyArray<string>): Effect.Effect<void> {
    return Effect.map(
      this.change(
        () => ({ do: "addMember", user, roles }),
        () => clients.answered(Transport.call(this.guild, "AddMember", { member: memberOf(user, roles) }, LONG))
      ),
      (done) => {
        // The store has them, though nobody was told: so it goes on as if they had been.
        if (done === undefined) this.model.people.set(user, roles)
      }
    )
  }

  /** Answers whether they are none any more, as far as anybody heard. */
  removeMember(user: string): Effect.Effect<boolean> {
    return Effect.map(
      this.change(
        () => ({ do: "removeMember", user }),
        () => clients.answered(Transport.call(this.guild, "RemoveMember", { user: Ids.UserId.make(user) }, LONG))
      ),
      (done) => done !== undefined
    ).pipe(
      Effect.tap((isRemoved) => {
        const roles = this.model.people.get(user)
        // The store has them no more, though nobody was told: they join anew, so that the day can go on.
        return isRemoved || roles === undefined ? Effect.void : this.addMember(user, roles)
      })
    )
  }

  /** A session joins a call, or hangs up. */
  call({ client, user }: Session, channel: string | undefined): Effect.Effect<Pending | undefined> {
    return this.change(
      () => ({ do: "call", user, channel }),
      () => this.order(client, { do: "call", client, channel: channel ?? null })
    )
  }

  /** Roles that may be given. */
  get roles(): ReadonlyArray<string> {
    return Array.from(this.model.roles.keys()).filter((id) => id !== this.place.id)
  }

  /** A user's session, if it is there and nobody has anything to do with it. */
  free(user: string): Session | undefined {
    const session = this.model.sessions.get(user)
    if (session === undefined || this.busy.has(session.client) || this.tally.closed[session.client] !== 0) {
      return undefined
    }
    return session
  }

  somebody(isIt: (session: Session) => boolean): Session | undefined {
    const { clients, first } = this.place
    for (let attempt = 0; attempt < 20; attempt++) {
      const session = this.free(userOf(first + below(this.random, clients)))
      if (session !== undefined && isIt(session)) return session
    }
    return undefined
  }

  /** Overwrites for some roles and people. */
  overwrites(): ReadonlyArray<discord.Overwrite> {
    const all: Array<discord.Overwrite> = []
    const verdict = () => (this.isLikely(0.5) ? { allow: [VIEW], deny: [] } : { allow: [], deny: [VIEW] })
    for (const id of [this.place.id, ...this.roles]) {
      if (this.isLikely(0.35)) all.push({ kind: "role", id, ...verdict() })
    }
    if (this.isLikely(0.5)) {
      const { clients, first } = this.place
      const id = userOf(first + below(this.random, clients))
      all.push({ kind: "member", id, ...verdict() })
    }
    return all
  }

  permissions(): ReadonlyArray<number> {
    return [VIEW, CONNECT, MENTION_EVERYONE].filter(() => this.isLikely(0.4))
  }

  /**
   * Connects a client for the first time, or anew, and waits until it is there. Until then it does nothing else: it could be
   * gone again between two looks.
   */
  connect(client: number, isPassive: boolean): Effect.Effect<void> {
    const connected = Effect.gen({ self: this }, function* () {
      const order = this.connectOrder(client, isPassive)
      const { user } = order
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        this.observer.coming.set(user, order)
        const answer = yield* this.order(client, attempt === 0 ? order : { do: "again", client })
        if (answer.error === undefined) {
          const isThere = yield* this.until(() => this.model.sessions.has(user))
          if (!isThere) this.wrong("a session connected, and nobody heard of it", user)
          return
        }
        this.observer.coming.delete(user)
        if (answer.error !== "StoreUnavailable") {
          // Its thread died, say: that is somebody else's to see to.
          if (answer.error !== "WorkerDied") this.wrong("a session could not connect", `${user}: ${answer.error}`)
          return
        }
      }
    })
    return this.held(client, connected)
  }

  /** A session leaves in good order: all that it was due by then has come. */
  leave(session: Session): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { client, user } = session
      // Who leaves before the snapshot has come is due nothing.
      yield* this.began(session)
      this.observer.leaving.add(user)
      yield* this.order(client, { do: "disconnect", client })
      const hasEnded = yield* this.until(() => this.observer.ended.has(user))
      this.observer.leaving.delete(user)
      const ended = this.observer.ended.get(user)
      this.observer.ended.delete(user)
      if (!hasEnded || ended === undefined) return this.wrong("a session left, and nobody heard of it", user)
      yield* this.last(ended)
      yield* this.order(client, { do: "stop", client })
      this.away.add(client)
    })
  }

  /** Waits until a session that has ended has got what it was due. */
  last({ due, session }: Ended): Effect.Effect<void> {
    return Effect.map(
      this.until(() => !this.reads(session) || areSameButLate(this.tally.seen(session.client), due)),
      () => this.verify(session, due, areSameButLate)
    )
  }

  /** Whether a client is to get everything. */
  reads({ client }: Session): boolean {
    return this.mannerOf(client) !== "stops" && this.tally.closed[client] === 0
  }

  isRight(session: Session, due: Seen, isSame = areSame): boolean {
    const { client, shown, snapshots } = session
    const said = this.tally.shown(client)
    return (
      isSame(this.tally.seen(client), due) &&
      this.tally.snapshots[client] === snapshots &&
      said.channels === shown.channels &&
      said.roles === shown.roles &&
      said.voice === shown.voice
    )
  }

  /** Compares what a session got with what it was due, and counts what is not the same. */
  verify(session: Session, due: Seen, isSame = areSame): void {
    const { client, user } = session
    const seen = this.tally.seen(client)
    const missing = due.count - seen.count
    if (!this.reads(session)) {
      if (missing > 0 && this.mannerOf(client) === "stops") this.findings.excused += missing
      else if (missing > 0) this.findings.missing += missing
      return
    }
    if (this.isRight(session, due, isSame)) return
    if (missing > 0) this.findings.missing += missing
    else if (missing < 0) this.findings.extra -= missing
    else this.findings.disordered++
    const tokens = this.tally.lastTokens(client).map((token) => this.model.labelOf(token))
    const said = this.tally.shown(client)
    const parts = (["channels", "roles", "voice"] as const).filter((part) => said[part] !== session.shown[part])
    const sign = missing === 0 ? "something else, or in another order" : missing > 0 ? "less" : "more"
    const wanting = missing < 0 ? this.model.missing(seen, due) : this.model.missing(due, seen)
    this.wrong(
      `a session got ${sign}`,
      `user ${user} (${session.stream.key}): due ${due.count}, got ${seen.count}, messages ${due.messages} and ` +
        `${seen.messages}, snapshots ${session.snapshots} and ${this.tally.snapshots[client]}, wrong in the snapshot: ` +
        `${parts.join() || "nothing"}; the difference is ${wanting}; last: ${tokens.join(" | ")}`
    )
  }

  /**
   * A session whose snapshot has come, and what had come before that. Who comes back at once may lose what was under way: the
   * snapshot says it.
   */
  began(session: Session, prior?: Seen, mayLose = false): Effect.Effect<void> {
    return Effect.map(
      this.until(() => (this.tally.snapshots[session.client] ?? 0) >= session.snapshots),
      (hasCome) => {
        if (!this.reads(session)) return
        const { client, user } = session
        if (!hasCome) return this.wrong("a snapshot did not come", user)
        if (prior === undefined) return
        const before = this.tally.prior(client)
        if (areSameButLate(before, prior) || (mayLose && before.count < prior.count)) return
        if (before.count < prior.count) this.findings.missing += prior.count - before.count
        else this.findings.disordered++
        this.wrong(
          "before its snapshot a session got something else than it was due",
          `user ${user}: due ${prior.count}, got ${before.count}`
        )
      }
    )
  }

  /** A removed session comes back, or one that left, before it has got what it was due. */
  back(session: Session, leaving: Effect.Effect<unknown>): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { client, user } = session
      yield* this.began(session)
      yield* leaving
      // As it was when it first connected.
      const coming = this.connectOrder(client, this.wasPassive.has(client))
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        this.observer.coming.set(user, coming)
        const answer = yield* this.order(client, { do: "again", client })
        if (answer.error === undefined) break
        this.observer.coming.delete(user)
        if (answer.error !== "StoreUnavailable") return this.wrong("a session could not come back", answer.error)
      }
      const { ended: allEnded } = this.observer
      const isThere = yield* this.until(() => allEnded.has(user) && this.model.sessions.has(user))
      const ended = allEnded.get(user)
      allEnded.delete(user)
      this.observer.leaving.delete(user)
      const again = this.model.sessions.get(user)
      if (!isThere || ended === undefined || again === undefined) {
        return this.wrong("a session came back, and nobody heard of it", user)
      }
      again.snapshots = ended.session.snapshots + 1
      yield* this.began(again, ended.due, true)
    })
  }

  /** A session looks at the guild, or away, while others write. */
  turn(session: Session): Effect.Effect<void> {
    const turned = Effect.suspend(() => {
      this.model.remember()
      return Effect.ensuring(
        session.stream.sort.isActive ? this.lookAway(session) : this.look(session),
        Effect.sync(() => this.model.forgetAll())
      )
    })
    // Or what it was sent when it connected would be taken for what it is sent because it looks.
    return Effect.andThen(this.began(session), turned)
  }

  private look(session: Session): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { client, user } = session
      const { due } = session
      const start = this.model.ordinal
      const snapshots = this.tally.snapshots[client] ?? 0
      if (!(yield* this.turned(client, true))) return
      const hasCome = yield* this.until(() => (this.tally.snapshots[client] ?? 0) > snapshots)
      if (!hasCome) return this.wrong("a session that looks got no snapshot", user)
      const last = this.tally.lastMessage[client] ?? 0n
      yield* this.until(() => this.observer.lastId >= last)
      // What it says last is where it was taken.
      const at = Math.max(start, this.model.ordinalOf(last))
      const prior = this.model.replayed(session, false, due, start, at)
      session.snapshots++
      session.shown = this.model.snapshotOf(session.stream, at)
      this.model.turn(user, true, this.model.replayed(session, true, NOTHING, at))
      yield* this.began(session, prior)
    })
  }

  private lookAway(session: Session): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const { client, user } = session
      const { due } = session
      const start = this.model.ordinal
      if (!(yield* this.turned(client, false))) return
      // This calls it: once it has got that, it has looked away.
      yield* this.announce(` <@${user}>`)
      // It did so somewhere in between: the later, the more it saw.
      const whole = (at: number) =>
        this.model.replayed(session, false, this.model.replayed(session, true, due, start, at), at)
      let found: Seen | undefined
      yield* this.until(() => {
        const seen = this.tally.seen(client)
        let [at, latest] = [start, this.model.ordinal]
        while (at < latest) {
          const middle = (at + latest) >> 1
          if (whole(middle).count < seen.count) at = middle + 1
          else latest = middle
        }
        const due = whole(at)
        if (areSame(due, seen)) found = due
        return found !== undefined
      })
      if (found === undefined) this.wrong("a session that looked away got something else than it was due", user)
      this.model.turn(user, false, found ?? this.tally.seen(client))
    })
  }

  private turned(client: number, isActive: boolean): Effect.Effect<boolean> {
    return Effect.gen({ self: this }, function* () {
      for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
        const { error } = yield* this.order(client, { do: "turn", client, isActive })
        if (error === undefined) return true
        if (error === "StoreUnavailable") continue
        this.wrong("a session could not look", error)
        return false
      }
      return false
    })
  }

  /** Waits until everything that was said is settled and everybody has it, and compares all. */
  readonly settle: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    yield* this.until(() => this.ledger.calling === 0 && this.acting === 0, 60_000)
    yield* this.marker
    this.ledger.settle()
    let last = performance.now()
    let wrong = Number.POSITIVE_INFINITY
    while (wrong > 0 && performance.now() - last < this.progressMillis) {
      let left = 0
      let looked = 0
      for (const session of this.model.sessions.values()) {
        if (this.reads(session) && !this.isRight(session, session.due)) left++
        if (++looked % PIECE === 0) yield* Effect.sleep(0)
      }
      if (left < wrong) {
        last = performance.now()
        wrong = left
      }
      if (wrong > 0) yield* Effect.sleep("20 millis")
    }
    let compared = 0
    for (const session of Array.from(this.model.sessions.values())) {
      if (++compared % PIECE === 0) yield* Effect.sleep(0)
      const { client, due, user } = session
      const waiting = due.count - this.tally.seen(client).count
      if (this.mannerOf(client) === "stops" && this.tally.closed[client] === 0 && waiting > this.capacity + SPARE) {
        this.wrong("a client that does not read was not closed", `user ${user}: ${waiting} wait for it`)
      }
      if (!this.reads(session) || this.isRight(session, due)) continue
      this.verify(session, due)
      // From here on it counts what comes; once is enough.
      session.set(this.tally.seen(session.client))
      session.snapshots = this.tally.snapshots[session.client] ?? 0
      session.shown = this.tally.shown(session.client)
    }
  })

  /**
   * While nothing else happens, sessions that look elsewhere are told what they miss of this: a message to all, one to a few,
   * and somebody who joins a call, and who leaves one.
   */
  readonly summarise: Effect.Effect<void> = Effect.gen({ self: this }, function* () {
    const { model, observer, tally } = this
    const { calls, few } = this.place
    yield* this.announce(" before a summary")
    const { lastId: first } = observer
    yield* this.told("the last message", ({ client }) => tally.lastMessage[client] === first)
    const before = tally.summarisedCalls.slice()
    const all = Array.from(model.sessions.values()).filter((session) => this.reads(session))
    const leaving = all.find(({ user }) => model.voice.has(user))
    const left = leaving && model.voice.get(leaving.user)
    const [call] = calls
    const coming = all.find(
      ({ user }) => !model.voice.has(user) && call !== undefined && model.may(user, call, CONNECT)
    )
    const moved: Array<readonly [channel: string, token: number]> = []
    if (coming !== undefined && call !== undefined && (yield* this.call(coming, call)) !== undefined) {
      moved.push([call, hashOf(texts.voice(coming.user, call))])
    }
    if (leaving !== undefined && left !== undefined && (yield* this.call(leaving, undefined)) !== undefined) {
      moved.push([left, hashOf(texts.voice(leaving.user, "none"))])
    }
    yield* this.announce(" for a summary")
    const { lastId: toAll } = observer
    yield* this.announce(" for few summaries", few)
    const { lastId: toFew } = observer
    yield* this.told("the last message that they may see", (session) => {
      return tally.lastMessage[session.client] === (model.shows(session, few) ? toFew : toAll)
    })
    yield* this.told("who joins and leaves calls that they may see", (session) => {
      const { client } = session
      const due = moved.reduce((sum, [channel, token]) => (model.shows(session, channel) ? sum + token : sum), 0)
      return (((tally.summarisedCalls[client] ?? 0) - (before[client] ?? 0)) | 0) === (due | 0)
    })
  })

  /** Waits until all who look elsewhere have been told something. */
  private told(what: string, isTold: (session: Session) => boolean): Effect.Effect<void> {
    return Effect.gen({ self: this }, function* () {
      const end = performance.now() + PATIENCE_MILLIS
      let left = Array.from(this.model.sessions.values()).filter(({ stream }) => !stream.sort.isActive)
      while (left.length > 0 && performance.now() < end) {
        const still: Array<Session> = []
        for (const [nth, session] of left.entries()) {
          if (this.reads(session) && !isTold(session)) still.push(session)
          if (nth % PIECE === PIECE - 1) yield* Effect.sleep(0)
        }
        left = still
        if (left.length > 0) yield* Effect.sleep("20 millis")
      }
      for (const { user } of left) this.wrong(`sessions that look elsewhere are not told just ${what}`, `user ${user}`)
    })
  }

  userOf(client: number): string {
    return userOf(client)
  }

  /** Whether somebody's name begins so. */
  named(user: string, prefix: string): boolean {
    return nameOf(clientOf(user)).startsWith(prefix)
  }
}

interface Said {
  readonly number: number
  readonly answer: Answer
}

const LONG = { timeout: "1 minute" } as const
