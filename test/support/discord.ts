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
  readonly isTimedOut?: boolean
}

export const ADMINISTRATOR = 3
export const VIEW = 10
export const SEND = 11
const NEEDS_SEND = [12, 14, 15, 17]
const CONNECT = 20
/** What makes sense in a call only, and changing the channel. */
const NEEDS_CONNECT = [8, 9, 21, 22, 23, 24, 25, 39, 42, 45, 48, 4, 28]
const READ_HISTORY = 16

/** Whether a person may do this in a channel that has these overwrites, no two for the same role or member. */
export const may = (
  rules: Rules,
  overwrites: ReadonlyArray<Overwrite>,
  person: Person,
  bit: number,
  kind: "text" | "voice" = "text"
): boolean => {
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

  if (person.isTimedOut === true && bit !== VIEW && bit !== READ_HISTORY) return false
  if (!inChannel(VIEW)) return false
  if (kind === "voice" && NEEDS_CONNECT.includes(bit) && !inChannel(CONNECT)) return false
  return inChannel(bit) && (!NEEDS_SEND.includes(bit) || inChannel(SEND))
}
