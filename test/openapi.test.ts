/**
 * Every answer of the REST API, held against Discord's own description of it: each route that is served, asked with valid
 * input of every shape that the description allows.
 */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { HttpClient, HttpClientRequest, HttpRouter } from "effect/http"
import { readFileSync } from "node:fs"
import * as Community from "../src/domain/Community.ts"
import { ChannelId, GuildId, RoleId } from "../src/domain/Ids.ts"
import * as Permissions from "../src/domain/Permissions.ts"
import * as Accounts from "../src/layers/Accounts.ts"
import * as MemberStore from "../src/layers/MemberStore.ts"
import * as Offload from "../src/layers/Offload.ts"
import * as Sampler from "../src/layers/Sampler.ts"
import * as webSocket from "../src/layers/SessionSocket/webSocket.ts"
import * as Guilds from "../src/programs/Guilds.ts"
import * as Ingress from "../src/programs/Ingress.ts"
import * as Session from "../src/programs/Session.ts"
import { member, userId } from "./support/community.ts"
import * as OpenApi from "./support/openapi.ts"
import * as rates from "./support/rates.ts"

const GUILD = GuildId.make("1")
const EVERYONE = RoleId.make(GUILD)
const TEXT = ChannelId.make("10")
const VOICE = ChannelId.make("11")
const CATEGORY = ChannelId.make("12")
const ROLE = RoleId.make("20")
const ME = userId(1)
const OTHER = userId(2)

const community = Community.make({
  id: GUILD,
  name: "Guild",
  ownerId: ME,
  roles: [
    { id: EVERYONE, name: "@everyone", permissions: Permissions.VIEW_CHANNEL | Permissions.SEND_MESSAGES },
    { id: ROLE, name: "role", permissions: Permissions.NONE, position: 1 }
  ],
  channels: [
    { id: TEXT, name: "text", parent: CATEGORY },
    { id: VOICE, name: "voice", kind: "voice" },
    { id: CATEGORY, name: "category", kind: "category" }
  ]
})

const server = HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
  Layer.provideMerge(NodeHttpServer.layerTest),
  Layer.provide([
    Session.layer(),
    rates.unlimited,
    Guilds.layer([{ community, members: [1, 2, 3].map((index) => member(index)) }]),
    Accounts.fromTokens([
      [Redacted.make("me"), member(1).user],
      [Redacted.make("other"), member(2).user]
    ])
  ]),
  Layer.provide([Sampler.never, MemberStore.heap, Offload.inline])
)

const ask = Effect.fnUntraced(function* (method: OpenApi.Method, path: string, body: unknown, token = "me") {
  const verbs = { get: "GET", post: "POST", patch: "PATCH", put: "PUT", delete: "DELETE" } as const
  const request = HttpClientRequest.make(verbs[method])(`/api/v10${path}`).pipe(
    HttpClientRequest.setHeader("authorization", `Bot ${token}`),
    body === undefined ? (same) => same : HttpClientRequest.bodyText(JSON.stringify(body), "application/json")
  )
  const response = yield* HttpClient.execute(request)
  const text = yield* response.text
  const parsed: unknown = text === "" ? undefined : JSON.parse(text)
  return { status: response.status, body: parsed }
})

/** A route as Discord describes it, and where it is asked for. `fields` are the values that mean something here. */
interface Route {
  readonly method: OpenApi.Method
  readonly path: string
  readonly at: ReadonlyArray<string>
  readonly fields?: Readonly<Record<string, ReadonlyArray<unknown>>>
  /** What each body has, unless it says otherwise. */
  readonly always?: object
}

const TOMORROW = new Date(Date.now() + 86_400_000).toISOString()

const in_ = `/guilds/${GUILD}`
const channels = [TEXT, VOICE, CATEGORY].map((id) => `/channels/${id}`)

const ROUTES: ReadonlyArray<Route> = [
  { method: "get", path: "/gateway", at: ["/gateway"] },
  { method: "get", path: "/gateway/bot", at: ["/gateway/bot"] },
  { method: "get", path: "/users/@me", at: ["/users/@me"] },
  { method: "get", path: "/users/{user_id}", at: [`/users/${ME}`, `/users/${OTHER}`] },
  {
    method: "get",
    path: "/users/@me/guilds",
    at: ["", "?with_counts=true", "?before=5", "?after=0&limit=200", "?after=5"].map(
      (query) => `/users/@me/guilds${query}`
    )
  },
  { method: "get", path: "/users/@me/guilds/{guild_id}/member", at: [`/users/@me${in_}/member`] },
  { method: "get", path: "/applications/@me", at: ["/applications/@me"] },
  { method: "get", path: "/oauth2/applications/@me", at: ["/oauth2/applications/@me"] },
  { method: "get", path: "/guilds/{guild_id}", at: [in_, `${in_}?with_counts=true`] },
  {
    method: "get",
    path: "/guilds/{guild_id}/members",
    at: ["", "?limit=1000&after=0"].map((query) => `${in_}/members${query}`)
  },
  { method: "get", path: "/guilds/{guild_id}/members/search", at: [`${in_}/members/search?query=u&limit=1000`] },
  { method: "get", path: "/guilds/{guild_id}/members/{user_id}", at: [`${in_}/members/${OTHER}`] },
  {
    method: "patch",
    path: "/guilds/{guild_id}/members/{user_id}",
    at: [`${in_}/members/${OTHER}`],
    fields: { roles: [null, [], [ROLE]], channel_id: [null], communication_disabled_until: [null, TOMORROW] }
  },
  { method: "patch", path: "/guilds/{guild_id}/members/@me", at: [`${in_}/members/@me`] },
  {
    method: "put",
    path: "/guilds/{guild_id}/members/{user_id}/roles/{role_id}",
    at: [`${in_}/members/${OTHER}/roles/${ROLE}`]
  },
  {
    method: "delete",
    path: "/guilds/{guild_id}/members/{user_id}/roles/{role_id}",
    at: [`${in_}/members/${OTHER}/roles/${ROLE}`]
  },
  { method: "get", path: "/guilds/{guild_id}/roles", at: [`${in_}/roles`] },
  { method: "post", path: "/guilds/{guild_id}/roles", at: [`${in_}/roles`] },
  { method: "patch", path: "/guilds/{guild_id}/roles", at: [`${in_}/roles`], fields: { id: [ROLE] } },
  { method: "get", path: "/guilds/{guild_id}/roles/{role_id}", at: [`${in_}/roles/${ROLE}`] },
  { method: "patch", path: "/guilds/{guild_id}/roles/{role_id}", at: [`${in_}/roles/${ROLE}`] },
  { method: "get", path: "/guilds/{guild_id}/channels", at: [`${in_}/channels`] },
  {
    method: "post",
    path: "/guilds/{guild_id}/channels",
    at: [`${in_}/channels`],
    fields: { parent_id: [null, CATEGORY], id: [ROLE] }
  },
  {
    method: "patch",
    path: "/guilds/{guild_id}/channels",
    at: [`${in_}/channels`],
    fields: { id: [TEXT], parent_id: [null, CATEGORY] }
  },
  { method: "get", path: "/channels/{channel_id}", at: channels },
  {
    method: "patch",
    path: "/channels/{channel_id}",
    at: [`/channels/${TEXT}`],
    fields: { parent_id: [null, CATEGORY], id: [ROLE] }
  },
  {
    method: "put",
    path: "/channels/{channel_id}/permissions/{overwrite_id}",
    at: [`/channels/${TEXT}/permissions/${ROLE}`]
  },
  {
    method: "delete",
    path: "/channels/{channel_id}/permissions/{overwrite_id}",
    at: [`/channels/${TEXT}/permissions/${ROLE}`]
  },
  { method: "post", path: "/channels/{channel_id}/typing", at: [`/channels/${TEXT}/typing`] },
  {
    method: "post",
    path: "/channels/{channel_id}/messages",
    at: [`/channels/${TEXT}/messages`],
    fields: { channel_id: [null, TEXT], guild_id: [null, GUILD] },
    always: { content: "hello" }
  },
  { method: "delete", path: "/guilds/{guild_id}/roles/{role_id}", at: [`${in_}/roles/${ROLE}`] },
  { method: "delete", path: "/channels/{channel_id}", at: channels },
  { method: "delete", path: "/guilds/{guild_id}/members/{user_id}", at: [`${in_}/members/${OTHER}`] }
]

/** The owner cannot. */
const LEAVING = { method: "delete", path: "/users/@me/guilds/{guild_id}" } as const

/** Where an answer says no though the description lets one ask: the field that it names, or its code, and why. */
const REFUSED: Readonly<Record<string, string>> = {
  "40032": "nobody can be muted, deafened or moved who is in no call",
  "50006": "a message has a text or embeds",
  attachments: "files are not kept yet",
  available_tags: "there are no forums yet",
  avatar: "pictures are not kept yet",
  banner: "pictures are not kept yet",
  bio: "members say nothing of themselves yet",
  colors: "a role has one colour yet",
  components: "there is nobody yet whom pressing a button would reach",
  content: "messages have up to 2,000 characters; 4,000 are those of people who pay Discord",
  default_auto_archive_duration: "there are no threads yet",
  default_forum_layout: "there are no forums yet",
  default_reaction_emoji: "there are no forums yet",
  default_sort_order: "there are no forums yet",
  default_tag_setting: "there are no forums yet",
  default_thread_rate_limit_per_user: "there are no threads yet",
  embeds: "an address, a name or a text of an embed that is empty shows nothing, as does an embed of nothing else",
  flags: "of all flags, only those of messages that suppress embeds and notifications are there yet",
  icon: "pictures are not kept yet",
  name: "a name that is empty is a group's, of which there are none",
  poll: "there are no polls yet",
  shared_client_theme: "there are no themes yet",
  sticker_ids: "there are no stickers yet",
  topic: "topics have up to 1,024 characters; 4,096 are those of forums",
  type: "channels are for text, for voice or categories, and stay what they are",
  unicode_emoji: "roles have no pictures yet"
}

/** The fields that a refusal is about. */
const named = (body: unknown): ReadonlyArray<string> => {
  const errors = OpenApi.at(body, ["errors"])
  if (typeof errors !== "object" || errors === null) return [String(OpenApi.at(body, ["code"]))]
  return Object.keys(errors)
}

describe.skipIf(!OpenApi.isThere)(
  "Discord's OpenAPI description (shared/discord/openapi.json, from discord/discord-api-spec)",
  () => {
    it("what is not served is named in docs/operating.md, and nothing else is", () => {
      const text = readFileSync(new URL("../docs/operating.md", import.meta.url), "utf8")
      const listed = (text.split("```text\n")[1] ?? "").split("\n```")[0] ?? ""
      const missing = listed.split("\n").flatMap((line) => {
        const words = line.split(" ")
        return words.slice(0, -1).map((method) => `${method} ${words.at(-1) ?? ""}`)
      })
      const asked = [...ROUTES, LEAVING].map(({ method, path }) => `${method.toUpperCase()} ${path}`)
      const known = OpenApi.load().paths.map(([method, path]) => `${method.toUpperCase()} ${path}`)
      assert.sameMembers([...missing, ...asked], known)
    })

    it.live("whoever leaves a guild is told nothing of it", () =>
      Effect.gen(function* () {
        const { body, status } = yield* ask(LEAVING.method, `/users/@me/guilds/${GUILD}`, undefined, "other")
        assert.deepStrictEqual(OpenApi.load().complaints(LEAVING.method, LEAVING.path, status, body), [])
      }).pipe(Effect.provide(server))
    )

    it.live("an embed of every shape comes back as it is described", () =>
      Effect.gen(function* () {
        const specification = OpenApi.load()
        const path = "/channels/{channel_id}/messages"
        for (const shape of specification.values("RichEmbed", (field) =>
          ["name", "value"].includes(field) ? ["some"] : undefined
        )) {
          const embed = { ...(typeof shape === "object" ? shape : undefined), title: "title" }
          const { body, status } = yield* ask("post", `/channels/${TEXT}/messages`, { embeds: [embed] })
          assert.strictEqual(status, 200, JSON.stringify(embed))
          assert.deepStrictEqual(specification.complaints("post", path, status, body), [], JSON.stringify(embed))
        }
      }).pipe(Effect.provide(server))
    )

    it.live("every answer conforms, and what is refused is named and explained", () =>
      Effect.gen(function* () {
        const specification = OpenApi.load()
        const found: Array<string> = []
        for (const { at, fields = {}, method, path } of ROUTES) {
          for (const body of specification.bodies(method, path, (field) => fields[field])) {
            for (const one of at) {
              const answer = yield* ask(method, one, body)
              const said = `${method} ${one} ${JSON.stringify(body)?.slice(0, 200)}: ${answer.status}`
              if (answer.status < 400) {
                const complaints = specification.complaints(method, path, answer.status, answer.body)
                if (complaints.length > 0) found.push(`${said}, ${complaints.join("; ")}`)
              } else {
                const unexplained = named(answer.body).filter((name) => REFUSED[name] === undefined)
                if (unexplained.length > 0) found.push(`${said}, ${unexplained.join(", ")}`)
              }
            }
          }
        }
        assert.strictEqual(found.join("\n"), "")
      }).pipe(Effect.provide(server))
    )
  }
)
