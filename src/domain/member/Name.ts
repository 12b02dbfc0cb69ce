/**
 * What members are called, and how that is compared. Nothing is imported here that runs: see `audience/Admission.ts`.
 *
 * @since 0.1.0
 */
import type { Member } from "../Member.ts"

/**
 * What a member is called in this guild.
 *
 * @since 0.1.0
 * @category getters
 */
export const nameOf = ({ nick, user }: Member): string => nick ?? user.username

/**
 * A name as it is compared: without regard to case.
 *
 * @since 0.1.0
 * @category getters
 */
export const folded = (name: string): string => name.toLowerCase()
