/**
 * An event as it goes to sessions: serialised once, however many they are.
 *
 * What differs between sessions is the sequence number, so it comes last, and everything before it is shared.
 *
 * @since 0.1.0
 */
import { Predicate, Schema, SchemaTransformation } from "effect"
import type { Event } from "../guild/Event.ts"
import * as EventJson from "./EventJson.ts"
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
 * A piece of JSON, and its octets.
 *
 * @since 0.1.0
 * @category models
 */
export interface Text {
  readonly text: string
  readonly octets: string
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const textOf = (text: string): Text => ({ text, octets: octetsOf(text) })

/**
 * Items of an array, without its brackets.
 *
 * @since 0.1.0
 * @category constructors
 */
export const listed = (items: ReadonlyArray<Text>): Text => {
  const text = items.map((item) => item.text).join()
  const isSame = items.every((item) => item.text === item.octets)
  return { text, octets: isSame ? text : items.map(({ octets }) => octets).join() }
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (name: string, data: unknown): Payload => fromTexts(name, [textOf(JSON.stringify(data))])

/** What comes before a frame's sequence number, which ends it. */
const SEQUENCE = `,"s":`

/**
 * A payload whose data is put together from pieces, of which some are known from others.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromTexts = (name: string, data: ReadonlyArray<Text>): Payload => {
  const start = `{"t":${JSON.stringify(name)},"op":${Opcode.DISPATCH},"d":`
  let head = start
  let octets = start
  for (const piece of data) {
    head += piece.text
    octets += piece.octets
  }
  head += SEQUENCE
  // Mostly they are the same text: then they are one, and written out once.
  return {
    _tag: "Payload",
    name,
    head,
    octets: data.every((piece) => piece.text === piece.octets) ? head : octets + SEQUENCE
  }
}

/**
 * A payload as it crosses to another thread or process: still serialised once.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({ name: Schema.String, head: Schema.String }).pipe(
  Schema.decodeTo(
    Schema.declare((input): input is Payload => Predicate.isTagged(input, "Payload"), { identifier: "Payload" }),
    SchemaTransformation.transform({
      decode: ({ head, name }): Payload => ({ _tag: "Payload", name, head, octets: octetsOf(head) }),
      encode: ({ head, name }: Payload) => ({ name, head })
    })
  )
)

/**
 * @since 0.1.0
 * @category constructors
 */
export const fromEvent = (event: Event): Payload => make(...EventJson.event(event))

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
