/**
 * An embed as clients send it: each part may be `null`.
 *
 * @see https://discord.com/developers/docs/resources/message#embed-object
 * @since 0.1.0
 */
import { Schema } from "effect"
import { type Embed, LIMITS } from "../Embed.ts"
import * as Lenient from "./Lenient.ts"
import { present } from "./present.ts"

const text = (most: number) => Lenient.optional(Schema.String.check(Schema.isMaxLength(most)))
const Written = (most: number) => Schema.NonEmptyString.check(Schema.isMaxLength(most))
const Url = text(LIMITS.url)
const Picture = Lenient.optional(Schema.Struct({ url: Url }))

/**
 * @since 0.1.0
 * @category schemas
 */
export const EmbedBody = Schema.Struct({
  title: text(LIMITS.title),
  description: text(LIMITS.description),
  url: Url,
  timestamp: text(LIMITS.timestamp),
  color: Lenient.optional(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffff }))),
  footer: Lenient.optional(Schema.Struct({ text: text(LIMITS.footer), icon_url: Url })),
  image: Picture,
  thumbnail: Picture,
  author: Lenient.optional(Schema.Struct({ name: text(LIMITS.name), url: Url, icon_url: Url })),
  fields: Lenient.optional(
    Schema.Array(
      Schema.Struct({
        name: Written(LIMITS.name),
        value: Written(LIMITS.value),
        inline: Lenient.optional(Schema.Boolean)
      })
    ).check(Schema.isMaxLength(LIMITS.fields))
  )
})
/**
 * @since 0.1.0
 * @category models
 */
export type EmbedBody = typeof EmbedBody.Type

type Part<K extends keyof Embed> = Embed[K] | undefined

const picture = (body: EmbedBody["image"]): Part<"image"> =>
  typeof body?.url === "string" ? { url: body.url } : undefined

const footer = (body: EmbedBody["footer"]): Part<"footer"> =>
  typeof body?.text === "string" ? { text: body.text, ...present({ icon_url: body.icon_url }) } : undefined

const author = (body: EmbedBody["author"]): Part<"author"> =>
  typeof body?.name === "string"
    ? { name: body.name, ...present({ url: body.url, icon_url: body.icon_url }) }
    : undefined

const fields = (body: EmbedBody["fields"]): Part<"fields"> =>
  body?.map(({ inline, name, value }) => ({ name, value, ...present({ inline }) }))

/**
 * The embed that is meant. A footer without a text, an author without a name and a picture without an address are none.
 *
 * @since 0.1.0
 * @category getters
 */
export const embedOf = (body: EmbedBody): Embed =>
  present<Embed>({
    title: body.title,
    description: body.description,
    url: body.url,
    timestamp: body.timestamp,
    color: body.color,
    footer: footer(body.footer),
    image: picture(body.image),
    thumbnail: picture(body.thumbnail),
    author: author(body.author),
    fields: fields(body.fields)
  })
