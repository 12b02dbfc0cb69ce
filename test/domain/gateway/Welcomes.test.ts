import { assert, describe, it } from "@effect/vitest"
import { HashMap, Option, Schema } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import * as Intents from "../../../src/domain/gateway/Intents.ts"
import * as Payload from "../../../src/domain/gateway/Payload.ts"
import { Welcomes } from "../../../src/domain/gateway/Welcomes.ts"
import type { Snapshot } from "../../../src/domain/guild/Event.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { step } from "../../../src/domain/guild/step.ts"
import { ChannelId, MessageId, SessionId, UserId } from "../../../src/domain/Ids.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import type { VoiceState } from "../../../src/domain/VoiceState.ts"
import { GUILD, member, sessionId, STAFF, userId } from "../../support/community.ts"

const EVERYONE = Community.everyoneId(GUILD)
const LOUNGE = ChannelId.make("13")
const BACK_ROOM = ChannelId.make("14")

const community = Community.make({
  id: GUILD,
  name: "welcomes",
  ownerId: userId(0),
  roles: [
    { id: EVERYONE, name: "@everyone", permissions: Permissions.VIEW_CHANNEL | Permissions.CONNECT },
    { id: STAFF, name: "Staff", permissions: Permissions.NONE, position: 1 }
  ],
  channels: [
    { id: LOUNGE, name: "lounge", kind: "voice" },
    {
      id: BACK_ROOM,
      name: "back room",
      kind: "voice",
      overwrites: [
        { kind: "role", id: EVERYONE, allow: 0n, deny: Permissions.VIEW_CHANNEL },
        { kind: "role", id: STAFF, allow: Permissions.VIEW_CHANNEL, deny: 0n }
      ]
    }
  ]
})

const Index = Schema.Int.check(Schema.isBetween({ minimum: 1, maximum: 6 }))
const Step = Schema.Union([
  Schema.Struct({ do: Schema.Literal("call"), index: Index, isHidden: Schema.Boolean }),
  Schema.Struct({ do: Schema.Literals(["hang up", "write", "rename"]), index: Index }),
  Schema.Struct({ do: Schema.Literal("come"), index: Index, isLarge: Schema.Boolean, isStaff: Schema.Boolean })
])
const Told = Schema.fromJsonString(
  Schema.Struct({
    d: Schema.Struct({
      members: Schema.Array(Schema.Struct({ user: Schema.Struct({ id: Schema.String }) })),
      presences: Schema.Array(Schema.Struct({ user: Schema.Struct({ id: Schema.String }), status: Schema.String })),
      voice_states: Schema.Array(Schema.Struct({ user_id: Schema.String, channel_id: Schema.String }))
    })
  })
)

const isStaff = (index: number) => index % 2 === 0
const someone = (index: number) => member(index, isStaff(index) ? [STAFF] : [])
const everybody = [1, 2, 3, 4, 5, 6].map(someone)

const speaking = (index: number, channel: ChannelId): readonly [UserId, VoiceState] => [
  userId(index),
  { member: someone(index), session: sessionId(index), channel, selfMute: false, selfDeaf: false }
]

const snapshotFor = (state: State.State, index: number, intents: number, isLarge: boolean): Snapshot => {
  const [, outputs] = step<undefined, "Connect">(
    state,
    "Connect",
    { session: SessionId.make(`late-${index}`), user: userId(index), intents, handle: undefined },
    {
      now: 0,
      member: Option.some(someone(index)),
      target: Option.none(),
      named: [],
      roster: isLarge ? [someone(index)] : everybody,
      memberCount: isLarge ? 1000 : everybody.length,
      newestId: 0n
    }
  )
  for (const output of outputs) if (output._tag === "Attach") return output.snapshot
  throw new Error("nobody was attached")
}

describe("Welcomes", () => {
  it.prop(
    "who asks for presences is told of all members of a small guild; everybody of themselves, and of who is in calls " +
      "that they see; of each once",
    [
      Schema.Array(Schema.Struct({ index: Index, isHidden: Schema.Boolean })),
      Schema.Array(Schema.Struct({ index: Index, isTold: Schema.Boolean, isLarge: Schema.Boolean }))
    ],
    ([calls, comers]) => {
      const voice = HashMap.fromIterable(
        calls.map(({ index, isHidden }) => speaking(index, isHidden ? BACK_ROOM : LOUNGE))
      )
      const state: State.State = { ...State.initial(community), voice }
      // One for all of them: what it wrote for others must not be told to the next.
      const welcomes = new Welcomes()
      for (const { index, isLarge, isTold } of comers) {
        const intents = isTold ? Intents.GUILDS | Intents.GUILD_PRESENCES : Intents.GUILDS | Intents.GUILD_MEMBERS
        const payload = welcomes.payload(snapshotFor(state, index, intents, isLarge))
        const { d } = Schema.decodeUnknownSync(Told)(Payload.frame(payload, 1))
        const seen = Array.from(HashMap.values(voice))
          .filter(({ channel }) => channel === LOUNGE || isStaff(index))
          .map((state) => state.member.user.id)
        const listed = isTold && !isLarge ? everybody.map(({ user }) => user.id) : [userId(index)]
        assert.deepStrictEqual(
          d.members.map(({ user }) => user.id).toSorted(),
          Array.from(new Set<string>([...listed, ...seen])).toSorted()
        )
        assert.sameMembers(
          d.voice_states.map(({ user_id }) => user_id),
          seen
        )
        assert.deepStrictEqual(d.presences, isTold ? [{ user: { id: userId(index) }, status: "online" }] : [])
      }
    },
    { arbitrary: { runs: 300 } }
  )

  it("who is named is not taken for who bears a role of the same id", () => {
    const named: Community.Overwrite = {
      kind: "member",
      id: UserId.make(STAFF),
      allow: Permissions.VIEW_CHANNEL,
      deny: 0n
    }
    const hidden: Community.Overwrite = {
      kind: "role",
      id: EVERYONE,
      allow: 0n,
      deny: Permissions.VIEW_CHANNEL
    }
    const channel = Community.channel({ id: BACK_ROOM, name: "back room", overwrites: [hidden, named] })
    const state = State.initial(Community.changed(community, [{ _tag: "ChannelPut", channel }]))
    const welcomes = new Welcomes()
    const snapshot = snapshotFor(state, 2, Intents.GUILDS, true)
    const other = { ...member(1), user: { ...member(1).user, id: UserId.make(STAFF) } }
    assert.include(welcomes.payload({ ...snapshot, member: other }).head, "back room")
    assert.notInclude(welcomes.payload(snapshot).head, "back room")
  })

  it.prop(
    "whatever was written for others before, it is as if nothing had been",
    [Schema.Array(Step)],
    ([steps]) => {
      // The lounge names a member; what they see otherwise is up to their roles.
      const overwrites = [{ kind: "member" as const, id: userId(1), allow: Permissions.VIEW_CHANNEL, deny: 0n }]
      const channel = Community.channel({ id: LOUNGE, name: "lounge", kind: "voice", overwrites })
      let state = State.initial(Community.changed(community, [{ _tag: "ChannelPut", channel }]))
      const welcomes = new Welcomes()
      for (const step of steps) {
        switch (step.do) {
          case "call": {
            const [user, voice] = speaking(step.index, step.isHidden ? BACK_ROOM : LOUNGE)
            state = { ...state, voice: HashMap.set(state.voice, user, voice) }
            break
          }
          case "hang up":
            state = { ...state, voice: HashMap.remove(state.voice, userId(step.index)) }
            break
          case "write": {
            const lastMessages = HashMap.set(state.lastMessages, LOUNGE, MessageId.make(String(step.index)))
            state = { ...state, lastMessages }
            break
          }
          case "rename": {
            const name = `lounge ${step.index} ü`
            const channel = Community.channel({ id: LOUNGE, name, kind: "voice", overwrites })
            state = { ...state, community: Community.changed(state.community, [{ _tag: "ChannelPut", channel }]) }
            break
          }
          case "come": {
            const known = snapshotFor(state, step.index, Intents.GUILD_PRESENCES, step.isLarge)
            // Roles come and go between two snapshots.
            const snapshot = { ...known, member: member(step.index, step.isStaff ? [STAFF] : []) }
            assert.deepStrictEqual(welcomes.payload(snapshot), new Welcomes().payload(snapshot))
          }
        }
      }
    },
    { arbitrary: { runs: 300, size: 30 } }
  )
})
