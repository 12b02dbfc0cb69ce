/**
 * What a relay does in pieces, beside the same relay that does all of it at once: whatever happens between the pieces, each
 * session is told the same in the order that matters to it.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import * as Access from "../../../src/domain/Access.ts"
import * as Community from "../../../src/domain/Community.ts"
import * as Intents from "../../../src/domain/gateway/Intents.ts"
import * as Payload from "../../../src/domain/gateway/Payload.ts"
import { ChannelId, MessageId, RoleId, type SessionId } from "../../../src/domain/Ids.ts"
import * as Mailbox from "../../../src/domain/Mailbox.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { MOVED, PIECE } from "../../../src/domain/relay/Meter.ts"
import { type Delivery, Served } from "../../../src/domain/relay/Served.ts"
import type { SessionMessage } from "../../../src/domain/session/Session.ts"
import type { VoiceState } from "../../../src/domain/VoiceState.ts"
import { GUILD, member, sessionId, userId } from "../../support/community.ts"

const USERS = 5
const CHANNELS = ["10", "11", "12", "13"] as const
const VOICE: ReadonlyArray<string> = ["12", "13"]
const EVERYONE = Community.everyoneId(GUILD)

const Who = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: USERS - 1 }))
const Which = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 6 }))
const ChannelName = Schema.Literals(CHANNELS)
const RoleName = Schema.Literals(["2", "3"])
const AnyRole = Schema.Literals(["1", "2", "3"])
const View = Schema.Literals([0n, Permissions.VIEW_CHANNEL, Permissions.ADMINISTRATOR])
const Overwrites = Schema.Array(
  Schema.Union([
    Schema.Struct({ kind: Schema.Literal("role"), id: AnyRole, allow: View, deny: View }),
    Schema.Struct({ kind: Schema.Literal("member"), who: Who, allow: View, deny: View })
  ])
)

const Going = [
  Schema.Struct({ do: Schema.Literal("attach"), session: Which, who: Who, isActive: Schema.Boolean }),
  Schema.Struct({ do: Schema.Literal("turn"), session: Which, isActive: Schema.Boolean }),
  Schema.Struct({ do: Schema.Literal("detach"), session: Which }),
  Schema.Struct({
    do: Schema.Literal("say"),
    channel: ChannelName,
    calls: Schema.Union([Who, Schema.Literals(["nobody", "nobody", "all", "2", "3"])])
  }),
  Schema.Struct({ do: Schema.Literal("move"), who: Who, channel: Schema.NullOr(Schema.Literals(["12", "13"])) }),
  Schema.Struct({ do: Schema.Literal("roles"), who: Who, roles: Schema.Array(RoleName) }),
  Schema.Struct({ do: Schema.Literal("leave"), who: Who }),
  Schema.Struct({ do: Schema.Literal("summarise") }),
  Schema.Struct({ do: Schema.Literal("go on") })
] as const
const Changing = [
  Schema.Struct({ do: Schema.Literal("put role"), id: AnyRole, permissions: View }),
  Schema.Struct({ do: Schema.Literal("remove role"), id: RoleName }),
  Schema.Struct({ do: Schema.Literal("put channel"), id: ChannelName, name: AnyRole, overwrites: Overwrites }),
  Schema.Struct({ do: Schema.Literal("remove channel"), id: ChannelName })
] as const
const Step = Schema.Union([...Going, ...Changing])
const Quiet = Schema.Union(Going)
type Step = typeof Step.Type

const changeOf = (step: Extract<Step, { do: `put ${string}` | `remove ${string}` }>): Community.Change => {
  switch (step.do) {
    case "put role": {
      const { id, permissions } = step
      return { _tag: "RolePut", role: Community.role({ id: RoleId.make(id), name: id, permissions }) }
    }
    case "remove role":
      return { _tag: "RoleRemoved", role: RoleId.make(step.id) }
    case "remove channel":
      return { _tag: "ChannelRemoved", channel: ChannelId.make(step.id) }
    case "put channel": {
      const { id, name } = step
      const overwrites = step.overwrites.map((one): Community.Overwrite =>
        one.kind === "role"
          ? { kind: "role", id: RoleId.make(one.id), allow: one.allow, deny: one.deny }
          : { kind: "member", id: userId(one.who), allow: one.allow, deny: one.deny }
      )
      const kind = VOICE.includes(id) ? ("voice" as const) : ("text" as const)
      return { _tag: "ChannelPut", channel: Community.channel({ id: ChannelId.make(id), name, kind, overwrites }) }
    }
  }
}

const Roles = Schema.Array(Schema.String)
const InCall = Schema.Struct({
  user_id: Schema.String,
  channel_id: Schema.String,
  member: Schema.optionalKey(Schema.Struct({ roles: Roles }))
})
const Data = Schema.fromJsonString(
  Schema.Struct({
    user: Schema.optionalKey(Schema.Struct({ id: Schema.String })),
    roles: Schema.optionalKey(Roles),
    member: Schema.optionalKey(Schema.Struct({ roles: Roles })),
    id: Schema.optionalKey(Schema.String),
    name: Schema.optionalKey(Schema.String),
    role: Schema.optionalKey(Schema.Struct({ id: Schema.String })),
    role_id: Schema.optionalKey(Schema.String),
    user_id: Schema.optionalKey(Schema.String),
    channel_id: Schema.optionalKey(Schema.NullOr(Schema.String)),
    updated_channels: Schema.optionalKey(
      Schema.Array(Schema.Struct({ id: Schema.String, last_message_id: Schema.String }))
    ),
    updated_voice_states: Schema.optionalKey(Schema.Array(InCall)),
    removed_voice_states: Schema.optionalKey(Schema.Array(Schema.String))
  })
)
const decode = Schema.decodeUnknownSync(Data)
const read = ({ head }: Payload.Payload) => decode(head.slice(head.indexOf(`"d":`) + 4, head.lastIndexOf(`,"s":`)))

/** What a client knows by what it has been told. */
interface Client {
  readonly user: number
  isActive: boolean
  readonly channels: Map<string, string>
  readonly roles: Set<string>
  readonly voice: Map<string, string>
  /** Which roles somebody bears of whom it has heard. */
  readonly bearing: Map<string, ReadonlyArray<string>>
  readonly last: Map<string, number>
  /** Messages that it was told of by summaries. */
  readonly summed: Set<string>
  summaries: number
}

const mailbox: Mailbox.Outbox<SessionMessage> = Effect.runSync(Mailbox.make())

/** A relay and its clients. Where it is not `inPieces`, it does all of everything at once. */
class Player {
  private readonly inPieces: boolean
  private readonly served: Served
  community: Community.Community
  readonly clients = new Map<SessionId, Client>()
  private readonly rolesOf = new Map<number, ReadonlyArray<RoleId>>()
  private readonly voice = new Map<number, VoiceState>()
  private readonly latest = new Map<string, number>()
  private readonly calling = new Set<string>()
  /** An id is never another role's. */
  private readonly gone = new Set<string>()
  private sequence = 0
  summaries = 0

  constructor(inPieces: boolean) {
    this.inPieces = inPieces
    this.community = Community.make({
      id: GUILD,
      name: "c",
      ownerId: userId(0),
      roles: [{ id: EVERYONE, name: "1", permissions: Permissions.VIEW_CHANNEL }],
      channels: CHANNELS.map((id) => ({
        id: ChannelId.make(id),
        name: id,
        kind: VOICE.includes(id) ? ("voice" as const) : ("text" as const)
      }))
    })
    this.served = new Served(this.community, inPieces ? 1 : undefined)
  }

  sees(who: number, id: string): boolean {
    const channel = this.community.channels.get(ChannelId.make(id))
    if (channel === undefined) return false
    const one = member(who, this.rolesOf.get(who) ?? [])
    return Permissions.has(Access.inChannel(this.community, channel, one, 0), Permissions.VIEW_CHANNEL)
  }

  private snapshot(user: number, isActive: boolean, summaries = 0): Client {
    const seen = Array.from(this.community.channels.values()).filter(({ id }) => this.sees(user, id))
    return {
      user,
      isActive,
      channels: new Map(seen.map(({ id, name }) => [id, name])),
      roles: new Set(Array.from(this.community.roles.keys(), String)),
      voice: this.heardBy(user),
      bearing: new Map([user, ...this.calledBy(user)].map((who) => [userId(who), this.borneBy(who)])),
      last: new Map(Array.from(this.latest).filter(([id]) => this.sees(user, id))),
      summed: new Set(),
      summaries
    }
  }

  /** Who is in calls that a user sees. */
  private calledBy(user: number): ReadonlyArray<number> {
    return Array.from(this.voice)
      .filter(([, { channel }]) => this.sees(user, channel))
      .map(([who]) => who)
  }

  heardBy(user: number): Map<string, string> {
    return new Map(this.calledBy(user).map((who) => [userId(who), String(this.voice.get(who)?.channel)]))
  }

  private borneBy(who: number): ReadonlyArray<string> {
    return this.rolesOf.get(who) ?? []
  }

  /** Somebody bears other roles, also where they are in a call. */
  private bears(who: number, roles: ReadonlyArray<RoleId>): void {
    this.rolesOf.set(who, roles)
    const state = this.voice.get(who)
    if (state !== undefined) this.voice.set(who, { ...state, member: member(who, roles) })
  }

  private hear(deliveries: Iterable<Delivery | undefined>): void {
    for (const delivery of deliveries) {
      if (delivery === undefined) continue
      for (const { id } of delivery.recipients) {
        const client = this.clients.get(id)
        if (client === undefined) assert.fail(`${id} is told something, and is not there`)
        this.tell(client, delivery.payload)
      }
    }
  }

  private tell(client: Client, payload: Payload.Payload): void {
    const data = read(payload)
    const { bearing, channels, last, roles, voice } = client
    const { id = "", name = "" } = data
    switch (payload.name) {
      case "CHANNEL_CREATE":
        assert.isFalse(channels.has(id), "a channel is created that was there")
        channels.set(id, name)
        return
      case "CHANNEL_UPDATE":
        assert.isTrue(channels.has(id), "a channel is another that was not there")
        channels.set(id, name)
        return
      case "CHANNEL_DELETE":
        assert.strictEqual(channels.get(id), name, "a channel is deleted as it was known")
        channels.delete(id)
        last.delete(id)
        for (const [user, channel] of voice) if (channel === id) voice.delete(user)
        return
      case "GUILD_ROLE_CREATE":
        assert.isFalse(roles.has(data.role?.id ?? ""), "a role is created that was there")
        roles.add(data.role?.id ?? "")
        return
      case "GUILD_ROLE_UPDATE":
        assert.isTrue(roles.has(data.role?.id ?? ""), "a role is another that was not there")
        return
      case "GUILD_ROLE_DELETE":
        assert.isTrue(roles.delete(data.role_id ?? ""), "a role is deleted that was there")
        for (const [user, borne] of bearing) {
          bearing.set(
            user,
            borne.filter((role) => role !== data.role_id)
          )
        }
        return
      case "GUILD_MEMBER_UPDATE":
        bearing.set(data.user?.id ?? "", data.roles ?? [])
        return
      case "MESSAGE_CREATE": {
        const where = data.channel_id ?? ""
        const channel = this.community.channels.get(ChannelId.make(where))
        assert.strictEqual(channels.get(where), channel?.name, "the channel of a message is known as it is")
        assert.isTrue(this.sees(client.user, where))
        last.set(where, Number(id))
        return
      }
      case "VOICE_STATE_UPDATE":
        assert.isTrue(client.isActive)
        if (data.channel_id === null || data.channel_id === undefined) voice.delete(data.user_id ?? "")
        else {
          assert.isTrue(channels.has(data.channel_id), "the channel of a call is known")
          voice.set(data.user_id ?? "", data.channel_id)
          bearing.set(data.user_id ?? "", data.member?.roles ?? [])
        }
        return
      case "PASSIVE_UPDATE_V2": {
        assert.isFalse(client.isActive, "who looks is told no summary")
        client.summaries++
        for (const { id, last_message_id } of data.updated_channels ?? []) {
          assert.isTrue(channels.has(id), "a summary is of channels that are known")
          assert.isAtLeast(Number(last_message_id), last.get(id) ?? 0, "a summary is not older than what is known")
          const isCalling = this.calling.has(last_message_id)
          assert.isTrue(isCalling || !client.summed.has(last_message_id), "a summary repeats nothing")
          client.summed.add(last_message_id)
          last.set(id, Number(last_message_id))
        }
        for (const { channel_id, member, user_id } of data.updated_voice_states ?? []) {
          voice.set(user_id, channel_id)
          if (member !== undefined) bearing.set(user_id, member.roles)
        }
        for (const user of data.removed_voice_states ?? []) voice.delete(user)
        return
      }
    }
  }

  private of(isActive: boolean): ReadonlyArray<readonly [SessionId, Client]> {
    return Array.from(this.clients).filter(([, client]) => client.isActive === isActive)
  }

  play(step: Step): void {
    const { served } = this
    switch (step.do) {
      case "attach": {
        const { isActive, who } = step
        const session = { id: sessionId(step.session), mailbox, end: () => Effect.void }
        const intents = Intents.GUILDS | Intents.GUILD_MEMBERS | Intents.GUILD_MESSAGES | Intents.GUILD_VOICE_STATES
        const roles = this.rolesOf.get(who) ?? []
        served.attach({ session, user: userId(who), roles, intents }, isActive)
        this.clients.set(session.id, this.snapshot(who, isActive))
        break
      }
      case "turn": {
        const id = sessionId(step.session)
        const [client, subscriber] = [this.clients.get(id), served.get(id)]
        if (client === undefined || subscriber === undefined || client.isActive === step.isActive) break
        if (step.isActive) {
          served.attach(subscriber, true)
          this.clients.set(id, this.snapshot(client.user, true, client.summaries))
        } else {
          this.hear(served.lookAway(id))
          client.isActive = false
          const { channels, user, voice } = client
          assert.deepStrictEqual(voice, this.heardBy(user), "who looks away knows who is in calls")
          assert.isTrue(Array.from(channels.keys()).every((channel) => this.sees(user, channel)))
        }
        break
      }
      case "detach":
        served.detach(sessionId(step.session))
        this.clients.delete(sessionId(step.session))
        break
      case "say":
        this.say(step)
        break
      case "move": {
        const before = this.voice.get(step.who)?.channel ?? null
        const wanted = step.channel === null ? null : ChannelId.make(step.channel)
        const channel = wanted !== null && this.community.channels.has(wanted) ? wanted : null
        if (before === null && channel === null) break
        const state = {
          member: member(step.who, this.rolesOf.get(step.who)),
          session: sessionId(0),
          selfMute: false,
          selfDeaf: false
        }
        if (channel === null) this.voice.delete(step.who)
        else this.voice.set(step.who, { ...state, channel })
        this.hear(served.speak({ before, channel, state }))
        break
      }
      case "roles": {
        const roles = step.roles.map((id) => RoleId.make(id)).filter((id) => this.community.roles.has(id))
        const payload = Payload.make("GUILD_MEMBER_UPDATE", { user: { id: userId(step.who) }, roles })
        const pieces = served.enrol({
          member: member(step.who, roles),
          became: "updated",
          payload,
          voice: Array.from(this.voice.values(), (state) =>
            state.member.user.id === userId(step.who) ? { ...state, member: member(step.who, roles) } : state
          )
        })
        this.hear(pieces)
        this.bears(step.who, roles)
        break
      }
      case "leave": {
        this.play({ do: "move", who: step.who, channel: null })
        const payload = Payload.make("GUILD_MEMBER_REMOVE", {})
        const removed = { member: member(step.who), became: "removed" as const, payload, voice: [] }
        const own = Array.from(this.clients).filter(([, { user }]) => user === step.who)
        const deliveries = Array.from(served.enrol(removed))
        this.hear(deliveries)
        const told = deliveries.flatMap((one) =>
          one?.payload.name === "GUILD_DELETE" ? one.recipients.map(({ id }) => id) : []
        )
        assert.deepStrictEqual(told.toSorted(), own.map(([id]) => id).toSorted())
        // From here on it is told nothing: nobody is there any more.
        for (const [id] of own) this.clients.delete(id)
        this.rolesOf.delete(step.who)
        break
      }
      case "summarise":
        this.summaries++
        this.hear(served.summaries())
        break
      case "go on":
        this.hear(served.some())
        break
      default:
        this.change(this.allowed(changeOf(step)))
    }
    if (!this.inPieces) this.hear(served.all())
  }

  /** A guild refuses overwrites of roles that there are not. */
  private allowed(change: Community.Change): Community.Change {
    if (change._tag !== "ChannelPut") return change
    const overwrites = change.channel.overwrites.filter((one) => one.kind !== "role" || !this.gone.has(one.id))
    return { ...change, channel: { ...change.channel, overwrites } }
  }

  private change(change: Community.Change): void {
    const before = this.community
    if (change._tag === "RoleRemoved" && !before.roles.has(change.role)) return
    if (change._tag === "RolePut" && this.gone.has(change.role.id)) return
    if (change._tag === "ChannelRemoved" && !before.channels.has(change.channel)) return
    this.community = Community.changed(before, [change])
    if (change._tag === "RoleRemoved") {
      this.gone.add(change.role)
      for (const [who, roles] of this.rolesOf) {
        this.bears(
          who,
          roles.filter((role) => role !== change.role)
        )
      }
    }
    const { audiences } = this.community
    const isOther = ({ channel }: VoiceState) => before.audiences.get(channel) !== audiences.get(channel)
    const voice = Array.from(this.voice.values()).filter(isOther)
    for (const [who, { channel }] of this.voice) if (!audiences.has(channel)) this.voice.delete(who)
    if (change._tag === "ChannelRemoved") this.latest.delete(change.channel)
    this.hear(this.served.restructure({ changes: [change], voice }))
  }

  private say({ calls, channel: id }: Extract<Step, { do: "say" }>): void {
    const { served } = this
    const channel = ChannelId.make(id)
    if (!this.community.channels.has(channel)) return
    const message = MessageId.make(String(++this.sequence))
    this.latest.set(id, this.sequence)
    const called = calls === "2" || calls === "3" ? RoleId.make(calls) : undefined
    const role = called !== undefined && this.gone.has(called) ? undefined : called
    const event = {
      payload: Payload.make("MESSAGE_CREATE", { id: message, channel_id: id }),
      intent: Intents.GUILD_MESSAGES,
      channel,
      sessions: 1,
      message: {
        id: message,
        calls: {
          users: typeof calls === "number" ? [userId(calls)] : [],
          roles: role === undefined ? [] : [role],
          everyone: calls === "all" ? ("all" as const) : ("nobody" as const)
        }
      }
    }
    const isCalled = ({ isActive, user }: Client) =>
      isActive || calls === "all" || calls === user || (role !== undefined && this.rolesOf.get(user)?.includes(role))
    const expected = Array.from(this.clients).filter(([, client]) => isCalled(client) && this.sees(client.user, id))
    if (calls !== "nobody") this.calling.add(message)
    if (served.isBehind(event)) this.hear(served.before(event))
    const told: Array<SessionId> = []
    const hear = (deliveries: Iterable<Delivery | undefined>) => {
      const all = Array.from(deliveries)
      for (const one of all) told.push(...(one?.recipients.map(({ id }) => id) ?? []))
      this.hear(all)
    }
    hear([{ recipients: served.dispatch(event), payload: event.payload }])
    if (served.isCalling(event)) hear(served.called(event))
    assert.deepStrictEqual(
      told.toSorted(),
      expected.map(([id]) => id).toSorted(),
      "a message is judged by what is so when it comes"
    )
  }

  /** All that is left to be told. */
  rest(): void {
    this.hear(this.served.all())
  }

  finish(): void {
    this.rest()
    this.play({ do: "summarise" })
    this.hear(this.served.all())
    for (const [id, client] of this.clients) {
      const { user } = client
      const seen = Array.from(this.community.channels.values()).filter(({ id }) => this.sees(user, id))
      assert.deepStrictEqual(client.channels, new Map(seen.map(({ id, name }) => [id, name])), `channels of ${id}`)
      assert.deepStrictEqual(Array.from(client.roles).toSorted(), Array.from(this.community.roles.keys()).toSorted())
      assert.isAtMost(client.summaries, this.summaries)
    }
    for (const [id, { user, voice }] of this.of(true)) assert.deepStrictEqual(voice, this.heardBy(user), `calls, ${id}`)
    for (const [id, { bearing, isActive, user }] of this.clients) {
      for (const who of isActive ? [user, ...this.calledBy(user)] : [user]) {
        const borne = bearing.get(userId(who))?.toSorted()
        assert.deepStrictEqual(borne, this.borneBy(who).toSorted(), `roles of ${who}, as ${id} knows them`)
      }
    }
  }
}

/** The order in which something was told first says nothing. */
const known = ({ clients }: Player) =>
  Array.from(clients, ([id, { last, voice }]) => [id, Array.from(last).toSorted(), Array.from(voice).toSorted()])

describe("a relay that does in pieces what is long", () => {
  it("a summary that is told after a role was deleted does not say that somebody bears it", () => {
    const player = new Player(true)
    player.play({ do: "put role", id: "2", permissions: 0n })
    player.play({ do: "attach", session: 0, who: 3, isActive: false })
    player.play({ do: "move", who: 3, channel: "12" })
    player.play({ do: "roles", who: 3, roles: ["3", "2"] })
    player.play({ do: "summarise" })
    player.play({ do: "remove role", id: "2" })
    player.finish()
  })

  it.prop(
    "whatever comes between the pieces of a change: each message is for those who see it now, in a channel that they know as " +
      "it is, and in the end everybody knows what there is",
    [Schema.Array(Step)],
    ([steps]) => {
      for (const inPieces of [true, false]) {
        const player = new Player(inPieces)
        for (const step of steps) player.play(step)
        player.finish()
      }
    },
    { arbitrary: { runs: 600, size: 60 } }
  )

  it.prop(
    "whatever comes between the pieces of the summaries: each passive session knows in the end what it would if they were told " +
      "at once, and is told nothing twice",
    [Schema.Array(Quiet)],
    ([steps]) => {
      const [inPieces, atOnce] = [new Player(true), new Player(false)]
      for (const player of [inPieces, atOnce]) {
        // What is hidden from all but the bearers of a role, and from one by name.
        const view = Permissions.VIEW_CHANNEL
        const overwrites = [
          { kind: "role", id: "1", allow: 0n, deny: view },
          { kind: "role", id: "2", allow: view, deny: 0n },
          { kind: "member", who: 3, allow: 0n, deny: view }
        ] as const
        player.play({ do: "put role", id: "2", permissions: 0n })
        player.play({ do: "put role", id: "3", permissions: 0n })
        for (const id of ["10", "12"] as const) player.play({ do: "put channel", id, name: "1", overwrites })
        for (const step of steps) {
          // Where one is not done when the next is due, that is put off: then they are other summaries.
          if (step.do === "summarise") player.rest()
          player.play(step)
        }
        player.finish()
      }
      assert.deepStrictEqual(known(inPieces), known(atOnce))
    },
    { arbitrary: { runs: 600, size: 60 } }
  )

  it.each<readonly [what: string, then: Step]>([
    ["bears other roles", { do: "roles", who: 1, roles: [] }],
    ["loses a role that is no more", { do: "remove role", id: "2" }]
  ])("of who is in a call and %s meanwhile, nobody is told what was so before", (_, then) => {
    const player = new Player(true)
    const before: ReadonlyArray<Step> = [
      { do: "put role", id: "2", permissions: 0n },
      { do: "roles", who: 1, roles: ["2"] },
      { do: "move", who: 1, channel: "13" },
      { do: "put role", id: "1", permissions: 0n },
      { do: "attach", session: 2, who: 2, isActive: true }
    ]
    for (const step of before) player.play(step)
    player.rest()
    player.play({ do: "put role", id: "1", permissions: Permissions.VIEW_CHANNEL })
    const client = player.clients.get(sessionId(2))
    assert.isFalse(client?.channels.has("13"), "there is more to tell")
    player.play(then)
    player.finish()
    assert.deepStrictEqual(client?.bearing.get(userId(1)), [])
  })

  const view = Permissions.VIEW_CHANNEL
  const many = (count: number) => Array.from({ length: count }, (_, index) => index)
  const roleId = (index: number) => RoleId.make(String(500 + index))
  const channelId = (index: number) => ChannelId.make(String(10_000 + index))
  /** Half of the channels are hidden from all but the bearers of some roles. */
  const large = (channels: number, roles: number) =>
    Community.make({
      id: GUILD,
      name: "large",
      ownerId: userId(0),
      roles: [
        { id: EVERYONE, name: "everyone", permissions: view },
        ...many(roles).map((index) => ({ id: roleId(index), name: "some", permissions: 0n }))
      ],
      channels: many(channels).map((index) => ({
        id: channelId(index),
        name: "some",
        overwrites:
          index % 2 === 0
            ? []
            : [
                { kind: "role" as const, id: EVERYONE, allow: 0n, deny: view },
                ...many(5).map((nth) => ({
                  kind: "role" as const,
                  id: roleId((index + nth * 7) % roles),
                  allow: view,
                  deny: 0n
                }))
              ]
      }))
    })
  /** Everybody has other roles; those who bear the first are told of. `read` counts how often a session is looked at. */
  const crowd = (community: Community.Community, size: number, roles: number, isActive: boolean) => {
    const served = new Served(community)
    const counted = { read: 0 }
    for (const index of many(size)) {
      const id = sessionId(index)
      const session = {
        get id() {
          counted.read++
          return id
        },
        mailbox,
        end: () => Effect.void
      }
      const own = many(roles - 1).filter((role) => ((index + 1) >>> role) % 2 === 1)
      const all = [...own.map((role) => roleId(role + 1)), ...(index % 500 === 0 ? [roleId(0)] : [])]
      served.attach(
        { session, user: userId(index), roles: all, intents: Intents.GUILDS | Intents.GUILD_MESSAGES },
        isActive
      )
    }
    counted.read = 0
    return { served, counted }
  }
  const message = (channel: ChannelId, roles: ReadonlyArray<RoleId>) => ({
    payload: Payload.make("MESSAGE_CREATE", {}),
    intent: Intents.GUILD_MESSAGES,
    channel,
    sessions: 1,
    message: { id: MessageId.make("7"), calls: { users: [], roles, everyone: "nobody" as const } }
  })
  /** The most work between two places where others may have a turn. */
  const longest = ({ meter }: Served, deliveries: Iterable<Delivery | undefined>) => {
    let most = 0
    let before = meter.spent
    for (const _ of deliveries) {
      most = Math.max(most, meter.spent - before)
      before = meter.spent
    }
    return Math.max(most, meter.spent - before)
  }

  it("who comes with roles that nobody bore sees what they see, whatever is left to be told of changes before", () => {
    const put = (permissions: bigint) => Community.role({ id: roleId(1), name: "some", permissions })
    const community = Community.make({
      id: GUILD,
      name: "c",
      ownerId: userId(0),
      roles: [put(0n)],
      channels: many(5).map((index) => ({ id: channelId(index), name: "before" }))
    })
    const served = new Served(community, 1)
    const session = (index: number) => ({ id: sessionId(index), mailbox, end: () => Effect.void })
    const of = (index: number, roles: ReadonlyArray<RoleId>) => ({
      session: session(index),
      user: userId(index),
      roles,
      intents: Intents.GUILDS
    })
    const told = (index: number, deliveries: Iterable<Delivery | undefined>) =>
      Array.from(deliveries).flatMap((one) =>
        one?.recipients.some(({ id }) => id === sessionId(index)) === true
          ? [`${one.payload.name} ${read(one.payload).id}`]
          : []
      )
    served.attach(of(1, []), true)
    const renamed = [0, 1, 2, 4].map((index): Community.Change => ({
      _tag: "ChannelPut",
      channel: Community.channel({ id: channelId(index), name: "after" })
    }))
    // Both changes alter the last channel, and nobody has been told of that yet when somebody new comes.
    Array.from(served.restructure({ changes: renamed, voice: [] }))
    Array.from(served.restructure({ changes: [{ _tag: "RolePut", role: put(view) }], voice: [] }))
    Array.from(served.toldOf(channelId(3)))
    assert.isTrue(served.isChanging(channelId(4)))
    served.attach(of(2, [roleId(1)]), true)
    assert.deepStrictEqual(told(2, served.all()), [])
    const removed = served.restructure({ changes: [{ _tag: "ChannelRemoved", channel: channelId(4) }], voice: [] })
    assert.deepStrictEqual(told(2, [...removed, ...served.all()]), [`CHANNEL_DELETE ${channelId(4)}`])
  })

  it("a message that calls a role looks at its bearers only", () => {
    const { counted, served } = crowd(large(2, 12), 2000, 12, false)
    const spent = served.meter.spent
    const called = Array.from(served.called(message(channelId(0), [roleId(0)])))
    assert.lengthOf(
      called.flatMap((one) => one?.recipients ?? []),
      4
    )
    assert.isAtMost(counted.read, 16)
    assert.isAtMost(served.meter.spent - spent, 4 * 16)
  })

  it("a role that nobody bears costs a look at each channel, and tells nobody anything but of itself", () => {
    const { counted, served } = crowd(large(100, 12), 2000, 12, true)
    for (const index of many(100)) served.dispatch(message(channelId(index), []))
    const put = (id: string) => {
      const role = Community.role({ id: RoleId.make(id), name: "new", permissions: Permissions.ADMINISTRATOR })
      return [...served.restructure({ changes: [{ _tag: "RolePut", role }], voice: [] }), ...served.all()]
    }
    // Who wants to hear of roles at all is found out once.
    put("998")
    counted.read = 0
    const spent = served.meter.spent
    assert.deepStrictEqual(
      put("999").flatMap((one) => one?.payload.name ?? []),
      ["GUILD_ROLE_CREATE"]
    )
    assert.isAtMost(served.meter.spent - spent, 100 * 16 * 2)
    assert.isAtMost(counted.read, 16)
    for (const index of many(100)) {
      const before = served.meter.spent
      served.dispatch(message(channelId(index), []))
      assert.strictEqual(served.meter.spent, before, "what is known of a channel is not asked again")
    }
  })

  it("nothing is longer than a piece: a change of what many may see, and summaries of much for many", () => {
    const { served } = crowd(large(60, 12), 2000, 12, true)
    for (const index of many(60)) served.dispatch(message(channelId(index), []))
    for (const permissions of [Permissions.ADMINISTRATOR, 0n]) {
      const role = Community.role({ id: roleId(1), name: "some", permissions })
      const most = longest(served, served.restructure({ changes: [{ _tag: "RolePut", role }], voice: [] }))
      assert.isAtMost(most, 2 * PIECE)
      assert.isTrue(served.isUnfinished, "not all of it is done at once")
      while (served.isUnfinished) assert.isAtMost(longest(served, served.some()), 2 * PIECE)
    }
    const passive = crowd(large(60, 12), 2000, 12, false).served
    for (const index of many(60)) passive.dispatch(message(channelId(index), []))
    assert.isAtMost(longest(passive, passive.summaries()), 2 * PIECE)
    let pieces = 0
    for (; passive.isUnfinished; pieces++) {
      const before = passive.meter.spent
      Array.from(passive.some())
      assert.isAtMost(passive.meter.spent - before, 2 * PIECE)
    }
    assert.isAbove(pieces, 1)
  })

  it("who has come to a call is written once, however many summaries tell of it, and as many at a time as a piece has", () => {
    const { served } = crowd(large(60, 12), 200, 12, false)
    for (const index of many(60)) served.dispatch(message(channelId(index), []))
    let written = 0
    const moves = many(1000).map((who) => {
      const { user, ...rest } = member(who)
      const one = {
        ...rest,
        user: {
          ...user,
          get username() {
            written++
            return user.username
          }
        }
      }
      const state = { member: one, session: sessionId(who), selfMute: false, selfDeaf: false }
      return { before: null, channel: channelId(0), state }
    })
    for (const move of moves) Array.from(served.speak(move))
    const payloads = new Set<Payload.Payload>()
    const told = (deliveries: Iterable<Delivery | undefined>) => {
      const before = written
      for (const one of deliveries) if (one !== undefined) payloads.add(one.payload)
      assert.isAtMost(written - before, 2 * Math.ceil(PIECE / MOVED))
    }
    told(served.summaries())
    while (served.isUnfinished) told(served.some())
    assert.isAbove(payloads.size, 10)
    for (const one of payloads) assert.lengthOf(read(one).updated_voice_states ?? [], 1000)
    assert.strictEqual(written, 1000)
  })

  it("a member who sees very much from now on is told in pieces, and so is who is in calls", () => {
    const named = many(1000).map((index): Community.Overwrite => ({
      kind: "member",
      id: userId(5000 + index),
      allow: view,
      deny: 0n
    }))
    const [role, call] = [roleId(1), channelId(60)]
    const community = Community.make({
      id: GUILD,
      name: "large",
      ownerId: userId(0),
      roles: [{ id: role, name: "some", permissions: view }],
      channels: [
        ...many(60).map((index) => ({ id: channelId(index), name: "some", overwrites: named })),
        { id: call, name: "some", kind: "voice" }
      ]
    })
    const served = new Served(community)
    const session = { id: sessionId(1), mailbox, end: () => Effect.void }
    served.attach({ session, user: userId(1), roles: [], intents: Intents.GUILDS | Intents.GUILD_VOICE_STATES }, true)
    const state = { session: sessionId(0), channel: call, selfMute: false, selfDeaf: false }
    const voice = many(1000).map((who): VoiceState => ({ ...state, member: member(who) }))
    const payload = Payload.make("GUILD_MEMBER_UPDATE", {})
    for (const roles of [[role], []]) {
      let [most, told, last] = [0, 0, served.meter.spent]
      // Who sends through others does not wait for them: only where it gives nothing, somebody else has a turn.
      for (const one of served.enrol({ member: member(1, roles), became: "updated", payload, voice })) {
        if (one !== undefined) told++
        most = Math.max(most, served.meter.spent - last)
        if (one === undefined) last = served.meter.spent
      }
      assert.strictEqual(told, 1 + 61 + 1000)
      assert.isAtMost(most, 2 * PIECE)
    }
  })
})
