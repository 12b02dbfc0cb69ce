/** What a guild does with a message beside delivering it: slow mode, and messages that are to be made once. */
import { assert, describe, it } from "@effect/vitest"
import { Option, Result, Schema } from "effect"
import * as Community from "../../../src/domain/Community.ts"
import * as State from "../../../src/domain/guild/State.ts"
import { type Facts, step } from "../../../src/domain/guild/step.ts"
import type { Member } from "../../../src/domain/Member.ts"
import type { Draft } from "../../../src/domain/Message.ts"
import * as Permissions from "../../../src/domain/Permissions.ts"
import { community, draft, GENERAL, member, READ_ONLY, STAFF, userId } from "../../support/community.ts"

const START = 1_700_000_000_000

const person = (index: number, roles = [STAFF].slice(1)): Member => {
  const { user, ...rest } = member(index, roles)
  return { ...rest, user: { ...user, bot: false } }
}

const facts = (author: Member, now: number): Facts => ({
  now,
  member: Option.some(author),
  target: Option.none(),
  named: [],
  roster: [],
  memberCount: 0,
  newestId: 0n
})

const slow = (seconds: number, staff: Permissions.Permissions = Permissions.NONE) =>
  State.initial(
    Community.make({
      ...community,
      roles: Array.from(community.roles.values(), (role) =>
        role.id === STAFF ? { ...role, permissions: staff } : role
      ),
      channels: Array.from(community.channels.values(), (channel) => ({
        ...channel,
        ...(channel.id === GENERAL ? { slowMode: seconds } : undefined)
      }))
    })
  )

const sent = (state: State.State, author: Member, now: number, what: Draft = draft("hi"), channel = GENERAL) =>
  step<string, "SendMessage">(
    state,
    "SendMessage",
    { author: author.user.id, channel, draft: what },
    facts(author, now)
  )

describe("slow mode", () => {
  const Sends = Schema.Array(
    Schema.Struct({
      who: Schema.Literals([1, 2]),
      where: Schema.Literals([GENERAL, GENERAL, READ_ONLY]),
      after: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 15_000 }))
    })
  )

  it.prop("each waits for their own last message in that channel, and nobody for another's", [Sends], ([sends]) => {
    let state = slow(10)
    let now = START
    const last = new Map<string, number>()
    for (const { after, where, who } of sends) {
      now += after
      const [next, outputs, reply] = sent(state, person(who), now, draft("hi"), where)
      state = next
      if (where !== GENERAL) continue
      const before = last.get(userId(who))
      const due = before === undefined ? 0 : before + 10_000 - now
      if (due > 0) {
        assert.isEmpty(outputs)
        assert.deepInclude(Result.getOrThrow(Result.flip(reply)), { _tag: "SlowedDown", retryAfter: due })
      } else {
        assert.isTrue(Result.isSuccess(reply))
        last.set(userId(who), now)
      }
    }
  })

  it.each([
    ["bots", member(1), Permissions.NONE],
    ["who may manage messages", person(1, [STAFF]), Permissions.MANAGE_MESSAGES],
    ["who may manage channels", person(1, [STAFF]), Permissions.MANAGE_CHANNELS]
  ])("does not concern %s", (_, author, permissions) => {
    const [next, , first] = sent(slow(10, permissions), author, START)
    const [, , second] = sent(next, author, START)
    assert.isTrue(Result.isSuccess(first) && Result.isSuccess(second))
  })

  it("holds nobody up whose last message is from before the clock was set back", () => {
    const [next] = sent(slow(10), person(1), START)
    assert.isTrue(Result.isSuccess(sent(next, person(1), START - 3_600_000)[2]))
  })
})

describe("a message that is to be made once", () => {
  const unique = (nonce: string): Draft => ({ ...draft("hi"), nonce, isUnique: true })

  it("is answered with the first, and nobody hears of it again", () => {
    const [one, outputs, first] = sent(State.initial(community), member(1), START, unique("a"))
    assert.lengthOf(outputs, 1)
    const [two, again, second] = sent(one, member(1), START + 1_000, unique("a"))
    assert.isEmpty(again)
    assert.strictEqual(Result.getOrThrow(second).id, Result.getOrThrow(first).id)
    for (const [author, what, now] of [
      [member(1), unique("b"), START],
      [member(2), unique("a"), START],
      [member(1), { ...draft("hi"), nonce: "a" }, START],
      [member(1), unique("a"), START + 5 * 60_000]
    ] as const) {
      const [, , other] = sent(two, author, now, what)
      assert.notStrictEqual(Result.getOrThrow(other).id, Result.getOrThrow(first).id)
    }
  })

  it("is remembered for some hundred of them, and no more", () => {
    let state = State.initial(community)
    for (let nth = 0; nth < 1_000; nth++) [state] = sent(state, member(1), START, unique(String(nth)))
    assert.isAtMost(state.unique.length, 256)
    assert.isEmpty(sent(state, member(1), START, unique("999"))[1])
  })
})
