/**
 * Hostile clients in every pair, beside honest ones that must notice nothing: clients that do not read, or a byte a second;
 * that never identify; that pipeline, flood, guess, stall, send what is huge, and are many; by WebSocket, HTTP and gRPC. The
 * server is a process of its own, with its limits as by default, and so are the hostile clients.
 *
 * `honest_p50_over_rest` is how long an honest message takes to all who hear it, beside the worst pair, over what it takes when
 * there are none (≤ 3). `lost`, `twice`, `refused` and `closed` are what honest clients had to complain of (0). `heap_kept_mb` is
 * what the server's main thread keeps at the end of what it had at the beginning, and `heap_mb_per_hour` the slope in between.
 *
 * `--offload NAME`; `--seconds N` for each pair; `--minutes N`: all pairs again and again.
 */
import { fork } from "node:child_process"
import { slope } from "./day/memory.ts"
import { option } from "./day/options.ts"
import { honest } from "./hostile/honest.ts"
import { type Kind, KINDS } from "./hostile/kinds.ts"
import type { Order } from "./hostile/orders.ts"
import { start } from "./hostile/server.ts"
import { median, quick, report } from "./support/report.ts"

const GUILD = "1200000000000000000"
const CHANNEL = "1200000000000000010"

const seconds = Number(option("seconds") ?? (quick ? 0.5 : 5))
const minutes = Number(option("minutes") ?? 0)
const offload = option("offload") ?? "inline"

const alone = KINDS.map((kind) => [kind])
const pairs = KINDS.flatMap((one, nth) => KINDS.slice(nth + 1).map((other) => [one, other]))
const only = option("only")
const rounds: ReadonlyArray<ReadonlyArray<Kind>> = (quick ? alone : [...alone, ...pairs]).filter(
  (kinds) => only === undefined || kinds.join("+") === only || kinds.some((kind) => kind === only)
)

const tokens = (name: string, count: number) => Array.from({ length: count }, (_, nth) => `${name}-${nth}`)
const friends = tokens("honest", 5)
const strangers = tokens("hostile", 20)

const quantile = (all: ReadonlyArray<number>, share: number): number =>
  all.toSorted((one, other) => one - other)[Math.max(0, Math.ceil(all.length * share) - 1)] ?? Number.NaN

const server = await start(["--offload", offload, "--simulate", quick ? "100" : "2000"], [...friends, ...strangers])
const crowd = fork(new URL("./hostile/crowd.ts", import.meta.url))
const tell = (order: Order) => crowd.send(order)
const stopped = () => new Promise<void>((done) => crowd.once("message", () => done()))
const { hostname: host, port } = new URL(server.url)
const target = {
  host,
  port: Number(port),
  grpcPort: server.grpcPort,
  guild: GUILD,
  channel: CHANNEL,
  tokens: strangers
}

const bots = await honest(server.url, CHANNEL, friends)
await bots.during(quick ? 500 : 5_000)
const rest = await bots.during(quick ? 1_000 : 20_000)
const atRest = { p50: median(rest), p99: quantile(rest, 0.99) }
const before = await server.memory()
console.error(
  `at rest: p50 ${atRest.p50.toFixed(1)} ms, p99 ${atRest.p99.toFixed(1)} ms, heap ${(before.heap / 1e6).toFixed(1)} MB`
)

let worst = { ratio: 0, p99: 0, kinds: "" }
const heap: Array<readonly [hours: number, mb: number]> = []
const end = performance.now() + minutes * 60_000
do {
  for (const kinds of rounds) {
    tell({ do: "attack", kinds, target })
    const took = await bots.during(seconds * 1_000)
    tell({ do: "stop" })
    await stopped()
    const ratio = median(took) / atRest.p50
    const p99 = quantile(took, 0.99)
    console.error(
      `${kinds.join(" and ")}: p50 ${median(took).toFixed(1)} ms (${ratio.toFixed(1)} of rest), p99 ${p99.toFixed(1)} ms, ${JSON.stringify(bots.wrong)}`
    )
    if (ratio > worst.ratio) worst = { ratio, p99, kinds: kinds.join(" and ") }
  }
  await new Promise((done) => setTimeout(done, quick ? 100 : 10_000))
  const { heap: bytes, rss } = await server.memory()
  heap.push([performance.now() / 3_600_000, bytes / 1e6])
  console.error(`all of them: heap ${(bytes / 1e6).toFixed(1)} MB, resident ${(rss / 1e6).toFixed(0)} MB`)
} while (performance.now() < end)
const after = await server.memory()

bots.close()
crowd.kill()
await server.stop()
report("hostile", {
  honest_p50_over_rest: worst.ratio,
  honest_p50_ms_at_rest: atRest.p50,
  honest_p99_ms: worst.p99,
  ...bots.wrong,
  heap_kept_mb: (after.heap - before.heap) / 1e6,
  ...(heap.length > 2 ? { heap_mb_per_hour: slope(heap) } : undefined),
  rss_mb: after.rss / 1e6
})
process.exit()
