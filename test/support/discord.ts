/**
 * Who may do what, written from Discord's text and nothing else: one permission at a time, sets of names instead of masks,
 * and each sentence of the documentation a line. Slow, and independent of what it is to check.
 *
 * https://discord.com/developers/docs/topics/permissions
 */

export interface Rules {
  readonly guild: string
  readonly owner: string
  readonly roles: ReadonlyMap<string, ReadonlyArray<number>>
}

export interface Overwrite {
  readonly kind: "role" | "member"
  readonly id: string
  readonly allow: ReadonlyArray<number>
  readonly deny: ReadonlyArray<number>
}

export interface Person {
  readonly user: string
  readonly roles: ReadonlyArray<string>
}

export const ADMINISTRATOR = 3
export const VIEW = 10
export const SEND = 11
const NEEDS_SEND = [12, 14, 15, 17]

/** Whether a person may do this in a channel that has these overwrites, no two for the same role or member. */
export const may = (rules: Rules, overwrites: ReadonlyArray<Overwrite>, person: Person, bit: number): boolean => {
  const mine = new Set([...person.roles, rules.guild])
  const fromRoles = (wanted: number) =>
    Array.from(rules.roles).some(([id, bits]) => mine.has(id) && bits.includes(wanted))

  if (rules.owner === person.user) return true
  if (fromRoles(ADMINISTRATOR)) return true

  const inChannel = (wanted: number): boolean => {
    let allowed = fromRoles(wanted)
    for (const overwrite of overwrites) {
      if (overwrite.kind !== "role" || overwrite.id !== rules.guild) continue
      if (overwrite.deny.includes(wanted)) allowed = false
      if (overwrite.allow.includes(wanted)) allowed = true
    }
    const ofRoles = overwrites.filter(({ id, kind }) => kind === "role" && id !== rules.guild && mine.has(id))
    if (ofRoles.some(({ deny }) => deny.includes(wanted))) allowed = false
    if (ofRoles.some(({ allow }) => allow.includes(wanted))) allowed = true
    for (const overwrite of overwrites) {
      if (overwrite.kind !== "member" || overwrite.id !== person.user) continue
      if (overwrite.deny.includes(wanted)) allowed = false
      if (overwrite.allow.includes(wanted)) allowed = true
    }
    return allowed
  }

  if (!inChannel(VIEW)) return false
  return inChannel(bit) && (!NEEDS_SEND.includes(bit) || inChannel(SEND))
}
