/** One guild of the small community, its strategies in memory, for suites about what runs on top. */
import { Layer, Redacted } from "effect"
import type { Member } from "../../src/domain/Member.ts"
import * as Accounts from "../../src/layers/Accounts.ts"
import * as MemberStore from "../../src/layers/MemberStore.ts"
import * as Offload from "../../src/layers/Offload.ts"
import * as Sampler from "../../src/layers/Sampler.ts"
import * as Guilds from "../../src/programs/Guilds.ts"
import * as Session from "../../src/programs/Session.ts"
import { community, member, STAFF } from "./community.ts"
import * as rates from "./rates.ts"

/** Members 1 to `size`; the first is staff. */
export const members = (size: number): ReadonlyArray<Member> =>
  Array.from({ length: size }, (_, index) => member(index + 1, index === 0 ? [STAFF] : []))

/** Their tokens are `token-1`, `token-2` and so on; `stranger` is a user who is no member. */
export const layer = (
  size: number,
  options?: {
    readonly relayCapacity?: number
    readonly sampler?: Layer.Layer<Sampler.Sampler>
    readonly offload?: Layer.Layer<Offload.Offload>
    /** Without it nobody is refused for asking too often. */
    readonly rates?: Layer.Layer<never>
    readonly session?: Session.Options
  }
) =>
  Layer.mergeAll(
    Session.layer(options?.session),
    options?.rates ?? rates.unlimited,
    Guilds.layer([{ community, members: members(size), ...options }]),
    Accounts.fromTokens([
      ...members(size).map(({ user }, index) => [Redacted.make(`token-${index + 1}`), user] as const),
      [Redacted.make("stranger"), member(999).user] as const
    ])
  ).pipe(Layer.provide([options?.sampler ?? Sampler.always, MemberStore.heap, options?.offload ?? Offload.inline]))
