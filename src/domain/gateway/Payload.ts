/**
 * An event as it goes to sessions: serialised once, however many they are.
 *
 * What differs between sessions is the sequence number, so it comes last, and everything before it is shared.
 *
 * @since 0.1.0
 */
import { Predicate, Schema, SchemaTransformation } from "effect"
import type { Event } from "../guild/Event.ts"
import * as Json from "./Json.ts"
import * as Opcode from "./Opcode.ts"

/**
 * `head` is the frame up to its sequence number. `octets` is that in UTF-8, a character for each byte: what connections
 * write fastest, and for most events the same string.
 *
 * @since 0.1.0
 * @category models
 */
export interface Payload {
  readonly _tag: "Payload"
  readonly name: string
  readonly head: string
  readonly octets: string
}

const encoder = new TextEncoder()

const ASCII = /^[\0-\x7f]*$/

const octetsOf = (text: string): string => {
  if (ASCII.test(text)) return text
  let octets = ""
  for (const byte of encoder.encode(text)) octets += String.fromCharCode(byte)
  return octets
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (name: string, data: unknown): Payload => {
  const head = `{"t":${JSON.stringify(name)},"op":${Opcode.DISPATCH},"d":${JSON.stringify(data)},"s":`
  return fromHead({ name, head })
}

const fromHead = ({ head, name }: { readonly name: string; readonly head: string }): Payload => ({
  _tag: "Payload",
  name,
  head,
  octets: octetsOf(head)
})

/**
 * A payload as it crosses to another thread or process: still serialised once.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({ name: Schema.String, head: Schema.String }).pipe(
  Schema.decodeTo(
    Schema.declare((input): input is Payload => Predicate.isTagged(input, "Payload"), { identifier: "Payload" }),
    SchemaTransformation.transform({ decode: fromHead, encode: ({ head, name }: Payload) => ({ name, head }) })
  )
)

/**
 * @since 0.1.0
 * @category constructors
 */
export const fromEvent = (event: Event): Payload => {
  switch (event._tag) {
    case "MessageCreated":
      return make("MESSAGE_CREATE", Json.messageCreate(event.message))
    case "GuildAvailable":
      return make("GUILD_CREATE", Json.guildCreate(event.view))
  }
}

/**
 * The frame for the session whose `sequence`-th event this is.
 *
 * @since 0.1.0
 * @category frames
 */
export const frame = (payload: Payload, sequence: number): string => `${payload.head}${sequence}}`

/**
 * A frame that is no event, and so has no sequence number.
 *
 * @since 0.1.0
 * @category frames
 */
export const control = (op: number, data: unknown): string => JSON.stringify({ t: null, s: null, op, d: data })
