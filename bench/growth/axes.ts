/** What a guild grows in, and how far: by tens, the last two a decade apart. */
import { quick } from "../support/report.ts"

/** `structure` is roles and channels together, with overwrites for each. */
export const AXES = ["active", "passive", "members", "roles", "channels", "structure", "calls", "guilds"] as const
export type Axis = (typeof AXES)[number]

/** What else there is where it is about one of them. Roles and channels go up to Discord's limits. */
const BASE = { active: 100, passive: 100, members: 1_000, roles: 24, channels: 24, calls: 10, guilds: 1 }
export type Size = Readonly<typeof BASE>

export const sizeAt = (axis: Axis, count: number): Size =>
  axis === "structure" ? { ...BASE, channels: count, roles: Math.ceil(count / 2) } : { ...BASE, [axis]: count }

const full: Readonly<Record<Axis, ReadonlyArray<number>>> = {
  active: [1e2, 1e3, 1e4, 1e5],
  passive: [1e2, 1e3, 1e4, 1e5],
  members: [1e2, 1e3, 1e4, 1e5],
  roles: [24, 240],
  channels: [49, 490],
  structure: [49, 490],
  // Each join is told to those who look, and each of them is told all who are there when they come.
  calls: [1e2, 1e3, 1e4],
  // An idle guild takes 54 kB: 100,000 of them do not fit into the old generation.
  guilds: [1e2, 1e3, 1e4]
}

export const sizesOf = (axis: Axis): ReadonlyArray<number> => (quick ? full[axis].slice(0, 2) : full[axis])

/** The slope of the last decade on logarithmic axes. */
export const exponent = (sizes: ReadonlyArray<number>, costs: ReadonlyArray<number>): number => {
  const [from = 1, to = 1] = sizes.slice(-2)
  const [before = Number.NaN, after = Number.NaN] = costs.slice(-2)
  return Math.log(after / before) / Math.log(to / from)
}
