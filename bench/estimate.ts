/**
 * What it takes to estimate the memory of a guild's state, field by field, beside walking all of it: how long, how far off,
 * for how long at a time; and how near the model, walked in full, is to what the heap has grown by.
 *
 * The state is that of a guild with 100,000 sessions, each of which was given its seat as a guild gives it, every tenth to
 * somebody who has another. A million members are beside it: they live in the member store, and are no part of a guild's
 * state, but are added to it for this bench only, as what is largest in a guild, and as they come out of a database: names of
 * any length, ids that are strings of their own, roles whose ids are the community's. Four members in ten have one of five
 * hundred lists of roles in common; the others have each their own.
 */
import { Effect } from "effect"
import { Community, Footprint, GuildState, Ids, Intents, type Member, Permissions, Presence } from "../src/index.ts"
import { seated } from "../src/domain/guild/seats.ts"
import { below, seeded } from "../test/support/random.ts"
import { median, quick, report } from "./support/report.ts"
import { collectGarbage } from "./support/collect.ts"

const MEMBERS = quick ? 10_000 : 1_000_000
const SESSIONS = MEMBERS / 10
const ROLES = 250
const CHANNELS = 500
const LISTS = 500

/** Of walks, which take seconds; for each of them there are some estimates, each of another sample. */
const ROUNDS = quick ? 1 : 5
const ESTIMATES = quick ? 3 : 5

const inUse = () => {
  collectGarbage()
  collectGarbage()
  const { external, heapUsed } = process.memoryUsage()
  return heapUsed + external
}

const range = <A>(count: number, make: (index: number) => A): Array<A> =>
  Array.from({ length: count }, (_, index) => make(index))

const random = seeded(1)
const snowflake = (index: number) => String(1_100_000_000_000_000_000n + BigInt(index) * 4_194_304n)

/** A text of its own, in one piece, as one that was read is. */
const read = (text: string) => Buffer.from(text).toString("latin1")

const makeCommunity = () => {
  const id = Ids.GuildId.make(read(snowflake(0)))
  const roles = range(ROLES, (index) => ({
    id: Ids.RoleId.make(read(snowflake(1 + index))),
    name: read(`role ${index}`),
    permissions: BigInt(below(random, 2 ** 30)),
    position: index
  }))
  const channels = range(CHANNELS, (index) => ({
    id: Ids.ChannelId.make(read(snowflake(1_000 + index))),
    name: read(`channel-${index}`),
    topic: read("x".repeat(below(random, 200))),
    position: index,
    overwrites: range(below(random, 4), () => ({
      kind: "role" as const,
      id: roles[below(random, ROLES)]?.id ?? Community.everyoneId(id),
      allow: Permissions.NONE,
      deny: Permissions.SEND_MESSAGES
    }))
  }))
  return Community.make({ id, name: "Large", ownerId: Ids.UserId.make(snowflake(10_000)), roles, channels })
}

const makeMembers = (community: Community.Community) => {
  const roles = Array.from(community.roles.keys())
  const list = (): ReadonlyArray<Ids.RoleId> =>
    // The exact room that a list read from somewhere has.
    range(below(random, 6), () => roles[Math.floor(random() ** 2 * roles.length)])
      .filter((id) => id !== undefined)
      .slice()
  const lists = range(LISTS, list)
  const member = (index: number): Member.Member => ({
    user: {
      id: Ids.UserId.make(read(snowflake(10_000 + index))),
      username: read(`${"n".repeat(2 + below(random, 24))}${index}`),
      bot: false
    },
    roles: (random() < 0.4 ? lists[Math.floor(random() ** 2 * LISTS)] : undefined) ?? list(),
    joinedAt: 1_431_000_000_000 + index * 1_000,
    ...(random() < 0.2 ? { nick: read(`nick ${index}`) } : undefined)
  })
  const members = new Map<Ids.UserId, Member.Member>()
  for (let index = 0; index < MEMBERS; index++) {
    const one = member(index)
    members.set(one.user.id, one)
  }
  return members
}

const STATUSES = Presence.Status.literals

/** What a session says when it comes: most of them of these few things. */
const wanted = () => ({
  session: Ids.SessionId.make(Buffer.from(range(16, () => below(random, 256))).toString("hex")),
  intents: random() < 0.9 ? Intents.GUILD_MESSAGES | Intents.GUILD_PRESENCES : Intents.GUILD_MESSAGES,
  isActive: random() < 0.1,
  status: STATUSES[Math.floor(random() ** 3 * STATUSES.length)] ?? "online",
  worker: undefined
})

interface State extends GuildState.State {
  readonly members: ReadonlyMap<Ids.UserId, Member.Member>
}

const makeState = (): State => {
  const community = makeCommunity()
  let state = GuildState.initial(community)
  for (let index = 0; index < SESSIONS; index++) {
    // Every tenth session is of whoever the one before is of.
    const user = 10 * (index % 10 === 9 ? index - 1 : index)
    const [next] = seated(state, Ids.UserId.make(read(snowflake(10_000 + user))), wanted())
    state = next
  }
  return { ...state, members: makeMembers(community) }
}

const before = inUse()
const state = makeState()
const grown = inUse() - before

/** For how long at a time the thread was held, as everyone else sees it. */
const held = () => {
  const times: Array<number> = []
  let last = performance.now()
  let isOver = false
  const turn = () => {
    const now = performance.now()
    times.push(now - last)
    last = now
    if (!isOver) setImmediate(turn)
  }
  setImmediate(turn)
  return () => {
    isOver = true
    return times
  }
}

const estimated = (seed: number) =>
  Effect.gen(function* () {
    collectGarbage()
    yield* Effect.sleep("1 millis")
    const start = performance.now()
    const stop = held()
    const estimate = yield* Effect.andThen(Effect.yieldNow, Footprint.estimate(state, { seed }))
    return { estimate, took: performance.now() - start, slices: stop() }
  })

const walked = Effect.sync(() => {
  collectGarbage()
  const start = performance.now()
  const exact = Footprint.exact(state)
  return { exact, took: performance.now() - start }
})

const program = Effect.gen(function* () {
  const { exact } = yield* walked
  yield* estimated(0)
  const took = { exact: new Array<number>(), estimate: new Array<number>() }
  const errors: Array<number> = []
  const worst: Array<number> = []
  const bounds: Array<number> = []
  const slices: Array<number> = []
  let near = 0
  for (let round = 0; round < ROUNDS; round++) {
    took.exact.push((yield* walked).took)
    for (let nth = 0; nth < ESTIMATES; nth++) {
      const one = yield* estimated(1 + round * ESTIMATES + nth)
      const { bytes, error, fields } = one.estimate
      const off = (name: string, { bytes }: Footprint.Size) =>
        bytes === 0 ? 0 : Math.abs((fields[name]?.bytes ?? 0) - bytes) / bytes
      took.estimate.push(one.took)
      slices.push(...one.slices)
      errors.push(Math.abs(bytes - exact.bytes) / exact.bytes)
      worst.push(Math.max(...Object.entries(exact.fields).map(([name, size]) => off(name, size))))
      bounds.push(error / exact.bytes)
      if (Math.abs(bytes - exact.bytes) <= error) near++
    }
  }
  report("estimate", {
    error: median(errors),
    error_max: Math.max(...errors),
    error_worst_field: median(worst),
    error_worst_field_max: Math.max(...worst),
    bound: median(bounds),
    within_bound: near / errors.length,
    speedup: median(took.exact) / median(took.estimate),
    exact_ms: median(took.exact),
    estimate_ms: median(took.estimate),
    slice_ms: median(slices),
    slice_ms_p99: slices.toSorted((a, b) => a - b)[Math.floor(0.99 * slices.length)] ?? Number.NaN,
    slice_ms_max: Math.max(...slices),
    bytes_per_member: exact.bytes / MEMBERS,
    model_vs_heap: exact.bytes / grown
  })
})

await Effect.runPromise(program)
