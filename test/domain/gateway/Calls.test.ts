import { assert, describe, it } from "@effect/vitest"
import { HashMap, Schema } from "effect"
import { Calls } from "../../../src/domain/gateway/Calls.ts"
import * as Octets from "../../../src/domain/gateway/Octets.ts"
import { ChannelId, SessionId, type UserId } from "../../../src/domain/Ids.ts"
import type { VoiceState } from "../../../src/domain/VoiceState.ts"
import { member, userId } from "../../support/community.ts"
import { below, seeded } from "../../support/random.ts"

const PEOPLE = 300
const CHANNELS = [1, 2, 3].map((index) => ChannelId.make(String(index)))

const state = (index: number, channel: ChannelId, selfMute = false): VoiceState => ({
  member: member(index),
  session: SessionId.make(`s${index}`),
  channel,
  selfMute,
  selfDeaf: false
})

const Members = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ user: Schema.Struct({ id: Schema.String, username: Schema.String }) }))
)
const States = Schema.fromJsonString(
  Schema.Array(Schema.Struct({ user_id: Schema.String, channel_id: Schema.String, self_mute: Schema.Boolean }))
)

/** What the texts of a channel say. */
const told = (calls: Calls, channel: ChannelId) => {
  const blocks = calls.inChannel(channel)
  return {
    members: Schema.decodeSync(Members)(`[${blocks.map(({ members }) => Octets.text(members)).join()}]`)
      .map(({ user }) => user.id)
      .sort(),
    states: Schema.decodeSync(States)(`[${blocks.map(({ voiceStates }) => Octets.text(voiceStates)).join()}]`)
      .map(({ channel_id, self_mute, user_id }) => `${user_id} ${channel_id} ${self_mute}`)
      .sort()
  }
}

const due = (voice: HashMap.HashMap<UserId, VoiceState>, wanted: ChannelId) => {
  const states = Array.from(HashMap.values(voice)).filter(({ channel }) => channel === wanted)
  return {
    members: states.map(({ member }) => `${member.user.id}`).sort(),
    states: states.map(({ channel, member, selfMute }) => `${member.user.id} ${channel} ${selfMute}`).sort()
  }
}

describe("Calls", () => {
  it("say who is in each channel, and how, whatever has happened since", () => {
    for (let seed = 0; seed < 20; seed++) {
      const random = seeded(seed)
      const calls = new Calls()
      let voice = HashMap.empty<UserId, VoiceState>()
      for (let turn = 0; turn < 40; turn++) {
        // Mostly one, which may be the last of its channel.
        for (let change = random() < 0.8 ? 0 : below(random, 100); change >= 0; change--) {
          const index = below(random, PEOPLE)
          const channel = CHANNELS[below(random, 2)] ?? ChannelId.make("1")
          voice =
            random() < 0.2
              ? HashMap.remove(voice, userId(index))
              : HashMap.set(voice, userId(index), state(index, channel, random() < 0.5))
        }
        calls.turnTo(voice)
        for (const channel of CHANNELS) {
          assert.deepStrictEqual(told(calls, channel), due(voice, channel), `seed ${seed}, turn ${turn}`)
        }
      }
    }
  })

  it("write anew only what is near a change", () => {
    const [one = ChannelId.make("1"), other = one] = CHANNELS
    const everybody = Array.from({ length: PEOPLE }, (_, index) => state(index, index % 10 === 0 ? other : one))
    const voice = HashMap.fromIterable(everybody.map((state) => [state.member.user.id, state] as const))
    const calls = new Calls()
    calls.turnTo(voice)
    const before = new Set([one, other].flatMap((channel) => calls.inChannel(channel)))
    calls.turnTo(HashMap.set(voice, userId(7), state(7, one, true)))
    const isNew = (channel: ChannelId) => calls.inChannel(channel).filter((block) => !before.has(block)).length
    assert.deepStrictEqual([isNew(one), isNew(other)], [1, 0])
  })
})
