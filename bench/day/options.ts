/** How large a day is, and what is said of it on the command line. */
import type { Plan } from "./figures.ts"
import { OFFLOADS, type OffloadName } from "./world.ts"

type Scale = Omit<Plan, "offload" | "seed">

const tell: Plan["tell"] = ({ detail, what, where }) => console.error(`${what} (${where}): ${detail}`)
const progress = (text: string): void => console.error(text)

/** Forty guilds of 10 to 20,000. */
export const full: Scale = {
  guilds: 40,
  smallest: 10,
  largest: 20_000,
  load: 1,
  relayCapacity: 4_000,
  capacity: 256,
  seconds: 60,
  messages: 30_000,
  connects: 12_000,
  samples: 100,
  besideSeconds: 60,
  busy: 0.5,
  tell,
  progress
}

/** So small that it shows nothing but that all of it works. */
export const small: Scale = {
  ...full,
  guilds: 3,
  largest: 80,
  summaryMillis: 500,
  relayCapacity: 50,
  seconds: 1,
  messages: 30,
  connects: 6,
  samples: 3,
  besideSeconds: 0.5
}

/** What follows upon an option's name. */
export const option = (name: string): string | undefined => {
  const at = process.argv.indexOf(`--${name}`)
  return at === -1 ? undefined : process.argv[at + 1]
}

/** A scale, with whichever of its numbers are asked for otherwise: `--largest 5000`, say. */
export const scaled = (scale: Scale): Scale => {
  const asked = (name: keyof Scale) => {
    const value = Number(option(name) ?? Number.NaN)
    return Number.isNaN(value) ? undefined : { [name]: value }
  }
  const names = [
    "guilds",
    "smallest",
    "largest",
    "load",
    "seconds",
    "messages",
    "connects",
    "samples",
    "besideSeconds",
    "busy"
  ] as const
  const hostile = process.argv.includes("--hostile")
  return names.reduce((all, name) => ({ ...all, ...asked(name) }), { ...scale, hostile })
}

/** The seed that is asked for, or a new one. */
export const seed = (): number => {
  const asked = Number.parseInt(option("seed") ?? "", 10)
  return Number.isNaN(asked) ? Math.floor(Math.random() * 1e6) : asked
}

/** The offloads that are asked for: all of them, or one. */
export const offloads = (): ReadonlyArray<OffloadName> => {
  const asked = option("offload")
  return asked === undefined ? OFFLOADS : OFFLOADS.filter((name) => name === asked)
}
