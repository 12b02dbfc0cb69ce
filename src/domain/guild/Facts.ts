/**
 * What is looked up for a command before the step, so that the step reads no clock and no store and a run can be replayed.
 *
 * @since 0.1.0
 */
import type { Option } from "effect"
import type { UserId } from "../Ids.ts"
import type { Member } from "../Member.ts"
import * as Mentions from "../Mentions.ts"
import type { Draft } from "../Message.ts"
import type { Protocol } from "./Protocol.ts"

/**
 * `now` is Unix time in milliseconds. `member` is whom the command speaks for, `target` whom it is about, if that is
 * somebody else; `named` are those whom a message calls by name, as far as they are members; `roster` the members to
 * describe, of `memberCount` in all. `newestId` is the id that was made last, in whichever guild: 0n if there is none.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  readonly now: number
  readonly member: Option.Option<Member>
  readonly target: Option.Option<Member>
  readonly named: ReadonlyArray<Member>
  readonly roster: ReadonlyArray<Member>
  readonly memberCount: number
  readonly newestId: bigint
}

/**
 * Facts that may be looked up some time before the step is taken.
 *
 * @since 0.1.0
 * @category models
 */
export type Found = Omit<Facts, "newestId">

/**
 * Which facts it takes. `describes`: how many members there are, and who they are. `after` is a user whose
 * earlier commands come first though it takes no facts.
 *
 * @since 0.1.0
 * @category models
 */
export interface Wanted {
  readonly member?: UserId | undefined
  readonly target?: UserId
  readonly after?: UserId
  readonly named?: ReadonlyArray<UserId>
  readonly describes?: boolean
}

const NOTHING: Wanted = {}

/**
 * The users among whose commands a command has its place: whom it speaks for, and whom it is about.
 *
 * @since 0.1.0
 * @category getters
 */
export const concerned = ({ after, member, target }: Wanted): ReadonlyArray<UserId> =>
  [member, target, after].filter((user) => user !== undefined)

/**
 * Whom a draft calls: whom its text names, unless it says otherwise.
 *
 * @since 0.1.0
 * @category getters
 */
export const called = ({ content, mentions }: Draft): Mentions.Mentions => mentions ?? Mentions.inText(content)

/**
 * The facts that each command takes.
 *
 * @since 0.1.0
 * @category getters
 */
export const wanted: {
  readonly [Tag in keyof Protocol<unknown>]: (payload: Protocol<unknown>[Tag]["payload"]) => Wanted
} = {
  SendMessage: ({ author, draft }) => ({ member: author, named: called(draft).users }),
  Connect: ({ user }) => ({ member: user, describes: true }),
  Disconnect: ({ user }) => ({ after: user }),
  SetActive: ({ user }) => ({ member: user, describes: true }),
  SetStatus: ({ user }) => ({ after: user }),
  Describe: ({ user }) => ({ member: user, describes: true }),
  Status: () => NOTHING,
  CreateRole: ({ by }) => ({ member: by }),
  UpdateRole: ({ by }) => ({ member: by }),
  OrderRoles: ({ by }) => ({ member: by }),
  DeleteRole: ({ by }) => ({ member: by }),
  CreateChannel: ({ by }) => ({ member: by }),
  UpdateChannel: ({ by }) => ({ member: by }),
  OrderChannels: ({ by }) => ({ member: by }),
  DeleteChannel: ({ by }) => ({ member: by }),
  AddMember: ({ member }) => ({ target: member.user.id }),
  UpdateMember: ({ by, user }) => ({ member: by, target: user }),
  RemoveMember: ({ by, user }) => ({ member: by, target: user }),
  SetVoice: ({ user }) => ({ member: user })
}
