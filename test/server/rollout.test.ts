/**
 * Roll-out without downtime: two processes that exchange messages over a real socket learn to read envelopes, and then
 * to send them, in every order in which that may be done, while messages flow both ways.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Option, Queue, Schema } from "effect"
import { createServer } from "node:net"
import * as processes from "../support/process.ts"

const Report = Schema.fromJsonString(
  Schema.Struct({
    listening: Schema.optionalKey(Schema.Boolean),
    drained: Schema.optionalKey(Schema.Boolean),
    said: Schema.optionalKey(Schema.Array(Schema.String)),
    heard: Schema.optionalKey(Schema.Union([Schema.Int, Schema.Array(Schema.String)])),
    misread: Schema.optionalKey(Schema.Int),
    enveloped: Schema.optionalKey(Schema.Int),
    traced: Schema.optionalKey(Schema.Int),
    wrapped: Schema.optionalKey(Schema.Int)
  })
)
type Report = typeof Report.Type

const freePort = Effect.callback<number>((resume) => {
  const server = createServer().listen(0, "127.0.0.1", () => {
    const address = server.address()
    server.close(() => resume(Effect.succeed(typeof address === "object" && address !== null ? address.port : 0)))
  })
})

const NAMES = ["a", "b"] as const
type Name = (typeof NAMES)[number]

interface Account {
  readonly said: Array<string>
  readonly heard: Array<string>
  misread: number
  enveloped: number
  traced: number
  wrapped: number
}

/** Two peers that talk to each other; each runs the old program until it is upgraded. */
const peers = Effect.gen(function* () {
  const port = yield* freePort
  const account = (): Account => ({ said: [], heard: [], misread: 0, enveloped: 0, traced: 0, wrapped: 0 })
  const accounts = { a: account(), b: account() }

  const start = (name: Name, program: "old" | "new") =>
    Effect.gen(function* () {
      const { child, lines } = yield* processes.start(
        `test/support/rollout/${program}.ts`,
        [],
        { NAME: name, PORT: String(port), ...(name === "a" ? undefined : { CONNECT: "1" }) },
        "pipe"
      )
      const tell = (line: string) => Effect.sync(() => void child.stdin?.write(`${line}\n`))
      /** The next report of the kind that is looked for. */
      const until = <A>(find: (report: Report) => A | undefined): Effect.Effect<A> =>
        Effect.flatMap(Queue.take(lines), (line) => {
          const report = Option.getOrUndefined(Schema.decodeUnknownOption(Report)(line))
          if (report === undefined) return Effect.die(new Error(`${name} (${program}) printed: ${line}`))
          const found = find(report)
          return found === undefined ? until(find) : Effect.succeed(found)
        })
      return { tell, until }
    })
  const running = { a: yield* start("a", "old"), b: yield* start("b", "old") }

  const stop = Effect.fnUntraced(function* (name: Name) {
    yield* running[name].tell("stop")
    const last = yield* running[name].until((report) => (report.said === undefined ? undefined : report))
    const account = accounts[name]
    account.said.push(...(last.said ?? []))
    if (typeof last.heard === "object") account.heard.push(...last.heard)
    account.misread += last.misread ?? 0
    account.enveloped += last.enveloped ?? 0
    account.traced += last.traced ?? 0
    account.wrapped += last.wrapped ?? 0
  })
  const drain = (name: Name) =>
    Effect.andThen(
      running[name].tell("pause"),
      running[name].until(({ drained }) => drained)
    )

  return {
    accounts,
    /** Waits until both have heard something new, three times over. */
    talk: Effect.forEach(
      NAMES,
      (name) =>
        Effect.replicateEffect(3)(running[name].until(({ heard }) => (typeof heard === "number" ? heard : undefined))),
      { discard: true }
    ),
    /** What its own side has said is brought to its end first, as one does before a deployment. */
    upgrade: Effect.fnUntraced(function* (name: Name) {
      yield* drain(name)
      yield* stop(name)
      running[name] = yield* start(name, "new")
    }),
    wrap: (name: Name, share: number) => running[name].tell(`wrap ${share}`),
    end: Effect.gen(function* () {
      for (const name of NAMES) yield* drain(name)
      for (const name of NAMES) yield* stop(name)
      return accounts
    })
  }
})

type Step = readonly ["understand", Name] | readonly ["wrap", Name]

/** Both understand before either wraps; there is no other rule. */
const ORDERS: ReadonlyArray<readonly [string, ReadonlyArray<Step>]> = NAMES.flatMap((first) =>
  NAMES.map((wrapper) => {
    const other = (name: Name): Name => (name === "a" ? "b" : "a")
    const steps: ReadonlyArray<Step> = [
      ["understand", first],
      ["understand", other(first)],
      ["wrap", wrapper],
      ["wrap", other(wrapper)]
    ]
    return [steps.map((step) => step.join(" ")).join(", "), steps] as const
  })
)

const nothingLost = ({ a, b }: Readonly<Record<Name, Account>>) => {
  for (const [speaker, listener] of [
    [a, b],
    [b, a]
  ] as const) {
    const heard = new Set(listener.heard)
    assert.deepStrictEqual(
      speaker.said.filter((id) => !heard.has(id)),
      []
    )
    assert.strictEqual(listener.misread, 0)
    assert.isAbove(speaker.said.length, 100)
  }
}

describe("roll-out", () => {
  it.live.each(ORDERS)("under traffic, nothing lost and nothing misread: %s", ([, steps]) =>
    Effect.gen(function* () {
      const { end, talk, upgrade, wrap } = yield* peers
      yield* talk
      for (const [step, name] of steps) {
        if (step === "understand") yield* upgrade(name)
        else {
          for (const share of [0.1, 0.5, 1]) {
            yield* wrap(name, share)
            yield* talk
          }
        }
        yield* talk
      }
      // Whoever has second thoughts takes the step back, without a restart.
      yield* wrap("a", 0)
      yield* talk
      const accounts = yield* end
      nothingLost(accounts)
      for (const name of NAMES) {
        const { enveloped, traced, wrapped } = accounts[name]
        assert.isAbove(wrapped, 0)
        assert.isAbove(enveloped, 0)
        assert.strictEqual(traced, enveloped)
      }
    }).pipe(Effect.scoped)
  )

  it.live("who understands sends bare until told to wrap; one that wraps too early is misread by the old program", () =>
    Effect.gen(function* () {
      const { accounts, talk, upgrade, wrap } = yield* peers
      yield* talk
      yield* upgrade("a")
      yield* talk
      yield* wrap("a", 1)
      yield* talk
      yield* talk
      yield* wrap("a", 0)
      yield* upgrade("b")
      yield* talk
      assert.isAbove(accounts.b.misread, 0)
    }).pipe(Effect.scoped)
  )
})
