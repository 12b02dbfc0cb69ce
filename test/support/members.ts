/** Members and queries that suites about member stores draw: few of each, so that everything meets everything. */
import { Schema } from "effect"
import * as Audience from "../../src/domain/Audience.ts"
import * as Community from "../../src/domain/Community.ts"
import { RoleId, UserId } from "../../src/domain/Ids.ts"
import { Millis } from "../../src/domain/Member.ts"
import * as MemberQuery from "../../src/domain/MemberQuery.ts"
import * as Permissions from "../../src/domain/Permissions.ts"

/** Both ends of 64 bits, both sides of every half of them, and what lies between. */
const IDS = [
  "0",
  "1",
  "2",
  "9",
  "10",
  "4294967295",
  "4294967296",
  "4294967297",
  "8589934591",
  "1099511627776",
  "9007199254740991",
  "9007199254740993",
  "175928847299117063",
  "175928847299117064",
  "980000000000000000",
  "1420070400000000000",
  "9223372036854775807",
  "9223372036854775808",
  "9223372036854775809",
  "12345678901234567890",
  "18446744069414584320",
  "18446744073709551614",
  "18446744073709551615"
]

export const users: ReadonlyArray<UserId> = IDS.map((id) => UserId.make(id))
export const roles: ReadonlyArray<RoleId> = [
  "1",
  "2",
  "41771983423143937",
  "9223372036854775808",
  "18446744073709551615"
].map((id) => RoleId.make(id))

/** Of every width, some of which are folded to others, or differently where they end. */
const NAMES = [
  "a",
  "A",
  "ab",
  "Ab!",
  "Bob",
  "bobby tables",
  "Ärger",
  "ärger",
  "ÿ",
  "Ÿ",
  "straße",
  "ΟΔΟΣ",
  "οδοσ",
  "İstanbul",
  "i̇stanbul",
  "\u212Aelvin",
  "kelvin",
  "Привет",
  "日本語",
  "😀 smile",
  "😁",
  "e\u0301",
  "\u0000",
  "A".repeat(300),
  "語".repeat(300)
]

/** How names are looked for: from the front. */
const PREFIXES = [
  "",
  "a",
  "A",
  "aB",
  "b",
  "BOB",
  "ä",
  "Ä",
  "ÿ",
  "k",
  "ο",
  "οδος",
  "i",
  "п",
  "日本",
  "😀",
  "e\u0301",
  "zz"
]

/** One of the users. */
export const AnyUser = Schema.Literals(users)
const Role = Schema.Literals(roles)
const Name = Schema.Literals(NAMES)
const Flag = Schema.optionalKey(Schema.Literal(true))

// Minus zero is no time: neither databases nor JSON tell it from 0.
const Time = Millis.check(Schema.makeFilter((millis: number) => !Object.is(millis, -0)))

export const AnyMember = Schema.Struct({
  user: Schema.Struct({ id: AnyUser, username: Name, bot: Schema.Boolean }),
  roles: Schema.Array(Role),
  joinedAt: Time,
  nick: Schema.optionalKey(Name),
  mute: Flag,
  deaf: Flag,
  timedOutUntil: Schema.optionalKey(Time)
})

const Sees = Schema.Struct({ allow: Schema.Boolean, deny: Schema.Boolean })
/** What `queryOf` makes a query of. */
export const AnyQuery = Schema.Union([
  Schema.TaggedStruct("Everybody", {}),
  Schema.TaggedStruct("Bearing", { role: Role }),
  Schema.TaggedStruct("Named", { prefix: Schema.Literals(PREFIXES) }),
  Schema.TaggedStruct("Seeing", {
    owner: AnyUser,
    administrators: Schema.Array(Role),
    viewers: Schema.Array(Role),
    ofRoles: Schema.Array(Schema.Tuple([Role, Sees])),
    ofMembers: Schema.Array(Schema.Tuple([AnyUser, Sees]))
  })
])

const bits = (sees: boolean) => (sees ? Permissions.VIEW_CHANNEL : Permissions.NONE)

/** The first of the roles is everyone's. */
export const queryOf = (any: typeof AnyQuery.Type): MemberQuery.MemberQuery => {
  switch (any._tag) {
    case "Everybody":
      return MemberQuery.everybody
    case "Bearing":
      return MemberQuery.bearing(any.role)
    case "Named":
      return MemberQuery.named(any.prefix)
    case "Seeing": {
      const all = roles.map((id) => {
        const may = any.administrators.includes(id) ? Permissions.ADMINISTRATOR : Permissions.NONE
        return Community.role({ id, name: id, permissions: may | bits(any.viewers.includes(id)) })
      })
      const [everyone] = all
      if (everyone === undefined) throw new Error("there are roles")
      const overwrites = [
        ...any.ofRoles.map(([id, { allow, deny }]) => ({
          kind: "role" as const,
          id,
          allow: bits(allow),
          deny: bits(deny)
        })),
        ...any.ofMembers.map(([id, { allow, deny }]) => ({
          kind: "member" as const,
          id,
          allow: bits(allow),
          deny: bits(deny)
        }))
      ]
      return MemberQuery.seeing(Audience.make(Audience.defaults({ ownerId: any.owner, everyone }, all), overwrites))
    }
  }
}
