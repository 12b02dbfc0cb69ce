/**
 * Which id was made last in this process. All guilds make theirs after it: so no two things have the same id, whichever
 * guilds they are in.
 *
 * @since 0.1.0
 */
import { Context } from "effect"

/**
 * `value` is 0 before there is an id. `made` says that there is one, made here or brought along; older ones change nothing.
 *
 * @since 0.1.0
 * @category models
 */
export interface NewestId {
  readonly value: bigint
  readonly made: (id: bigint) => void
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (): NewestId => {
  let value = 0n
  return {
    get value() {
      return value
    },
    made: (id) => {
      if (id > value) value = id
    }
  }
}

/**
 * The one that guilds share which say nothing else.
 *
 * @since 0.1.0
 * @category references
 */
export const NewestId: Context.Reference<NewestId> = Context.Reference<NewestId>("fanfare/domain/NewestId", {
  defaultValue: make
})
