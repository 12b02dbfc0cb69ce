/**
 * An embed: the card below a message's text. Fields that Discord does not document are dropped, and none is longer than
 * it may be there.
 *
 * @see https://discord.com/developers/docs/resources/message#embed-object
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * The most embeds that a message may have, and the most characters in all their texts together; and of one embed the most
 * fields, and characters in each of its texts.
 *
 * @since 0.1.0
 * @category limits
 */
export const LIMITS = {
  embeds: 10,
  characters: 6000,
  fields: 25,
  title: 256,
  description: 4096,
  url: 2048,
  timestamp: 64,
  footer: 2048,
  name: 256,
  value: 1024
} as const

const text = (most: number) => Schema.optionalKey(Schema.String.check(Schema.isMaxLength(most)))
const Url = text(LIMITS.url)
const Picture = Schema.optionalKey(Schema.Struct({ url: Schema.String.check(Schema.isMaxLength(LIMITS.url)) }))

/**
 * @since 0.1.0
 * @category schemas
 */
export const Embed = Schema.Struct({
  title: text(LIMITS.title),
  description: text(LIMITS.description),
  url: Url,
  timestamp: text(LIMITS.timestamp),
  color: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 0xffffff }))),
  footer: Schema.optionalKey(
    Schema.Struct({ text: Schema.String.check(Schema.isMaxLength(LIMITS.footer)), icon_url: Url })
  ),
  image: Picture,
  thumbnail: Picture,
  author: Schema.optionalKey(
    Schema.Struct({ name: Schema.String.check(Schema.isMaxLength(LIMITS.name)), url: Url, icon_url: Url })
  ),
  fields: Schema.optionalKey(
    Schema.Array(
      Schema.Struct({
        name: Schema.String.check(Schema.isMaxLength(LIMITS.name)),
        value: Schema.String.check(Schema.isMaxLength(LIMITS.value)),
        inline: Schema.optionalKey(Schema.Boolean)
      })
    ).check(Schema.isMaxLength(LIMITS.fields))
  )
})
/**
 * @since 0.1.0
 * @category models
 */
export type Embed = typeof Embed.Type

/**
 * Whether there is anything to be seen of it: an address, a colour or a time alone shows nothing.
 *
 * @since 0.1.0
 * @category guards
 */
export const isEmpty = ({ author, description, fields, footer, image, thumbnail, title }: Embed): boolean =>
  [title, description, footer?.text, author?.name, image?.url, thumbnail?.url].every((part) => (part ?? "") === "") &&
  (fields ?? []).length === 0

/**
 * The characters of an embed that count: its texts, without addresses.
 *
 * @since 0.1.0
 * @category measuring
 */
export const characters = ({ author, description, fields, footer, title }: Embed): number =>
  [
    title,
    description,
    footer?.text,
    author?.name,
    ...(fields ?? []).flatMap(({ name, value }) => [name, value])
  ].reduce((total, text) => total + (text?.length ?? 0), 0)
