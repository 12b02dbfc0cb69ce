/** How long a thread is held in one piece: by Fanfare, without the collector's part and the bench's own. */
import { type Profiler, Session } from "node:inspector"

/** Turns of the event loop that are worth a look, in microseconds. */
const LONG_MICROS = 2_000

/** Between two samples. */
const INTERVAL_MICROS = 500

/** What a sample stands for at most: if the next comes later than that, others had the processor meanwhile. */
const MOST_MICROS = 4 * INTERVAL_MICROS

/** From here on it is told what a piece consisted of, in milliseconds; and of how many pieces, and how many functions. */
const TELL_MILLIS = 5
const TOLD_PIECES = 3
const TOLD_FUNCTIONS = 6

interface Turn {
  readonly start: number
  readonly end: number
  /** Processor time: what others on the machine took is not ours. */
  readonly used: number
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

export interface Pieces {
  /** Milliseconds of Fanfare's in one turn of the loop: a turn may be several pieces, so it is the longest or less. */
  readonly longest: number
  /** Milliseconds of the collector's in one turn. */
  readonly pause: number
  /** What the longest consisted of. */
  readonly told: ReadonlyArray<string>
}

/**
 * Watches the event loop's turns, and keeps the loop turning, while V8's profiler says whose time it is. (What `node:perf_hooks`
 * tells of the collector leaves out the steps of its marking: they were up to two thirds of its time.)
 */
export class PieceMeter {
  private readonly session = new Session()
  private readonly turns: Array<Turn> = []
  private isOn = true

  constructor() {
    this.session.connect()
    this.session.post("Profiler.enable")
    this.session.post("Profiler.setSamplingInterval", { interval: INTERVAL_MICROS })
    this.session.post("Profiler.start")
    let start = micros()
    let before = usedMicros()
    const turn = () => {
      if (!this.isOn) return
      const end = micros()
      const used = usedMicros()
      if (end - start > LONG_MICROS) this.turns.push({ start, end, used: used - before })
      start = end
      before = used
      setImmediate(turn)
    }
    setImmediate(turn)
  }

  stop(): Pieces {
    this.isOn = false
    let pieces: Pieces = { longest: Number.NaN, pause: Number.NaN, told: [] }
    // It answers before it returns.
    this.session.post("Profiler.stop", (_, answer) => {
      if (answer?.profile !== undefined) pieces = this.judge(answer.profile)
    })
    this.session.disconnect()
    return pieces
  }

  private judge(profile: Profiler.Profile): Pieces {
    const nodes = attribution(profile)
    const samples = samplesOf(profile)
    let index = 0
    const judged = this.turns.map(({ end, start, used }) => {
      const took = { collector: 0, idle: 0, bench: 0, fanfare: 0 }
      const byName = new Map<string, number>()
      while (index < samples.length && (samples[index]?.at ?? 0) < start) index++
      for (let sample = samples[index]; sample !== undefined && sample.at < end; sample = samples[++index]) {
        const { name, whose } = nodes.get(sample.node) ?? { name: "?", whose: "fanfare" }
        const millis = Math.min(sample.micros, end - sample.at) / 1000
        took[whose] += millis
        if (whose === "fanfare") byName.set(name, (byName.get(name) ?? 0) + millis)
      }
      return { ...took, fanfare: Math.min(took.fanfare, used / 1000), byName }
    })
    const told = judged
      .filter(({ fanfare }) => fanfare > TELL_MILLIS)
      .sort((one, other) => other.fanfare - one.fanfare)
      .slice(0, TOLD_PIECES)
      .map(({ bench, byName, collector, fanfare }) => {
        const names = Array.from(byName).sort(([, one], [, other]) => other - one)
        const functions = names.slice(0, TOLD_FUNCTIONS).map(([name, millis]) => `${name} ${millis.toFixed(1)}`)
        const beside = `beside ${bench.toFixed(1)} of the bench and ${collector.toFixed(1)} of the collector`
        return `a turn of ${fanfare.toFixed(1)} ms, ${beside}: ${functions.join(", ")}`
      })
    return {
      longest: judged.reduce((longest, { fanfare }) => Math.max(longest, fanfare), 0),
      pause: judged.reduce((longest, { collector }) => Math.max(longest, collector), 0),
      told
    }
  }
}
