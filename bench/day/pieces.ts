/** How long a thread is held in one piece: by Fanfare, without the collector's part and the bench's own. */
import { createHook, executionAsyncResource } from "node:async_hooks"
import { type Profiler, Session } from "node:inspector"
import type { PieceScheduler } from "./PieceScheduler.ts"

/** Pieces and turns of the event loop that are worth a look, in microseconds. */
const LONG_MICROS = 2_000

/** Between two samples. */
const INTERVAL_MICROS = 500

/** What a sample stands for at most: if the next comes later than that, others had the processor meanwhile. */
const MOST_MICROS = 4 * INTERVAL_MICROS

/** From here on it is told what a piece consisted of, in milliseconds; and of how many pieces, and how many functions. */
const TELL_MILLIS = 5
const TOLD_PIECES = 3
const TOLD_FUNCTIONS = 6

/** What ticks and microtasks are to `node:async_hooks`: they belong to the call that left them. */
const LEFT = new Set(["Object", "AsyncResource", "Promise"])

interface Piece {
  readonly start: number
  readonly end: number
}

interface Turn extends Piece {
  /** Processor time: what others on the machine took is not ours. */
  readonly used: number
  readonly pieces: ReadonlyArray<Piece>
}

interface Sample {
  readonly at: number
  readonly micros: number
  readonly node: number
}

type Whose = "collector" | "idle" | "bench" | "fanfare"

const micros = (): number => Number(process.hrtime.bigint() / 1000n)

const usedMicros = (): number => {
  const { system, user } = process.threadCpuUsage()
  return user + system
}

const whoseOf = ({ functionName, url }: Profiler.ProfileNode["callFrame"]): Whose | undefined => {
  if (functionName === "(garbage collector)") return "collector"
  if (functionName === "(idle)") return "idle"
  if (url.includes("/bench/") || url.includes("/test/support/")) return "bench"
  return url.includes("/src/") && !url.includes("/node_modules/") ? "fanfare" : undefined
}

const nameOf = ({ functionName, lineNumber, url }: Profiler.ProfileNode["callFrame"]): string =>
  `${functionName || "anonymous"} (${url.slice(url.lastIndexOf("/") + 1)}:${lineNumber + 1})`

/** Each node of a profile: whose its time is, and its name. A library's time is that of the one who calls it, or Fanfare's. */
const attribution = ({
  nodes
}: Profiler.Profile): ReadonlyMap<number, { readonly whose: Whose; readonly name: string }> => {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const all = new Map<number, { readonly whose: Whose; readonly name: string }>()
  const visit = (node: Profiler.ProfileNode, caller: Whose) => {
    const whose = whoseOf(node.callFrame) ?? caller
    all.set(node.id, { whose, name: nameOf(node.callFrame) })
    for (const id of node.children ?? []) {
      const child = byId.get(id)
      if (child !== undefined) visit(child, whose)
    }
  }
  const [root] = nodes
  if (root !== undefined) visit(root, "fanfare")
  return all
}

const samplesOf = ({ samples = [], startTime, timeDeltas = [] }: Profiler.Profile): ReadonlyArray<Sample> => {
  let at = startTime
  return samples
    .map((node, index) => {
      at += timeDeltas[index] ?? 0
      return { at, micros: Math.min(timeDeltas[index + 1] ?? 0, MOST_MICROS), node }
    })
    .sort((one, other) => one.at - other.at)
}

/** Milliseconds of each, and of Fanfare's by function. */
interface Judged extends Readonly<Record<Whose, number>> {
  readonly byName: ReadonlyMap<string, number>
}

/** Whose the time between two moments was; of Fanfare's no more than the processor was used. */
const judging = (profile: Profiler.Profile): ((piece: Piece, used: number) => Judged) => {
  const nodes = attribution(profile)
  const samples = samplesOf(profile)
  const firstAfter = (start: number): number => {
    let [low, high] = [0, samples.length]
    while (low < high) {
      const middle = (low + high) >> 1
      if ((samples[middle]?.at ?? 0) < start) low = middle + 1
      else high = middle
    }
    return low
  }
  return ({ end, start }, used) => {
    const took = { collector: 0, idle: 0, bench: 0, fanfare: 0 }
    const byName = new Map<string, number>()
    let index = firstAfter(start)
    for (let sample = samples[index]; sample !== undefined && sample.at < end; sample = samples[++index]) {
      const { name, whose } = nodes.get(sample.node) ?? { name: "?", whose: "fanfare" }
      const millis = Math.min(sample.micros, end - sample.at) / 1000
      took[whose] += millis
      if (whose === "fanfare") byName.set(name, (byName.get(name) ?? 0) + millis)
    }
    return { ...took, fanfare: Math.min(took.fanfare, used / 1000), byName }
  }
}

const tale = ({ bench, byName, collector, fanfare }: Judged): string => {
  const names = Array.from(byName).sort(([, one], [, other]) => other - one)
  const functions = names.slice(0, TOLD_FUNCTIONS).map(([name, millis]) => `${name} ${millis.toFixed(1)}`)
  const beside = `beside ${bench.toFixed(1)} of the bench and ${collector.toFixed(1)} of the collector`
  return `a piece of ${fanfare.toFixed(1)} ms, ${beside}: ${functions.join(", ")}`
}

export interface Pieces {
  /** Milliseconds of Fanfare's in one piece, at most. */
  readonly longest: number
  /** Milliseconds of Fanfare's in one turn of the loop, at most: in all its pieces. */
  readonly longestTurn: number
  /** Milliseconds of the collector's in one turn. */
  readonly pause: number
  /** What the longest pieces consisted of. */
  readonly told: ReadonlyArray<string>
}

/**
 * Watches what the event loop calls, and keeps the loop turning, while V8's profiler says whose time it is. A piece is one
 * call: of a timer, of a port, of a run of the line, or of a fiber until it yields, with the ticks and microtasks that it leaves. (What `node:perf_hooks`
 * tells of the collector leaves out the steps of its marking: they were up to two thirds of its time.)
 */
export class PieceMeter {
  private readonly session = new Session()
  private readonly turns: Array<Turn> = []
  private pieces: Array<Piece> = []
  private start = 0
  /** Calls within calls are no pieces of their own. */
  private depth = 0
  private readonly hook = createHook({
    before: () => {
      if (this.depth++ === 0 && !LEFT.has(executionAsyncResource().constructor.name)) this.cut()
    },
    after: () => this.depth--
  })
  private isOn = true
  private readonly scheduler: PieceScheduler | undefined

  constructor(scheduler: PieceScheduler | undefined) {
    this.scheduler = scheduler
    if (scheduler !== undefined) scheduler.begin = () => void this.cut()
    this.session.connect()
    this.session.post("Profiler.enable")
    this.session.post("Profiler.setSamplingInterval", { interval: INTERVAL_MICROS })
    this.session.post("Profiler.start")
    let start = 0
    let before = 0
    const turn = () => {
      if (!this.isOn) return
      const end = this.cut()
      const used = usedMicros()
      if (end - start > LONG_MICROS) this.turns.push({ start, end, used: used - before, pieces: this.pieces })
      this.pieces = []
      start = end
      before = used
      setImmediate(turn)
    }
    // From the next turn on: to start the profiler takes up to 0.3 s, and the hook is enabled in the midst of calls, whose ends
    // it sees without their beginnings.
    setImmediate(() => {
      this.depth = 1
      start = this.cut()
      before = usedMicros()
      this.pieces = []
      setImmediate(turn)
    })
    this.hook.enable()
  }

  /** Here one piece ends, and the next begins. */
  private cut(): number {
    const { start } = this
    const end = micros()
    if (end - start > LONG_MICROS) this.pieces.push({ start, end })
    this.start = end
    return end
  }

  stop(): Pieces {
    this.isOn = false
    this.hook.disable()
    if (this.scheduler !== undefined) this.scheduler.begin = undefined
    let pieces: Pieces = { longest: Number.NaN, longestTurn: Number.NaN, pause: Number.NaN, told: [] }
    // It answers before it returns.
    this.session.post("Profiler.stop", (_, answer) => {
      if (answer?.profile !== undefined) pieces = this.judge(answer.profile)
    })
    this.session.disconnect()
    return pieces
  }

  private judge(profile: Profiler.Profile): Pieces {
    const judge = judging(profile)
    const turns = this.turns.map((turn) => judge(turn, turn.used))
    const pieces = this.turns.flatMap(({ pieces, used }) => pieces.map((piece) => judge(piece, used)))
    const longest = (all: ReadonlyArray<Judged>) => all.reduce((most, { fanfare }) => Math.max(most, fanfare), 0)
    return {
      longest: longest(pieces),
      longestTurn: longest(turns),
      pause: turns.reduce((most, { collector }) => Math.max(most, collector), 0),
      told: pieces
        .filter(({ fanfare }) => fanfare > TELL_MILLIS)
        .sort((one, other) => other.fanfare - one.fanfare)
        .slice(0, TOLD_PIECES)
        .map(tale)
    }
  }
}
