/**
 * An event as it goes to sessions: serialised once, however many they are.
 *
 * What differs between sessions is the sequence number, so it comes last, and everything before it is shared.
 *
 * @since 0.1.0
 */
import { Predicate, Schema, SchemaTransformation } from "effect"
import type { Event } from "../guild/Event.ts"
import { Waits } from "../session/Backlog.ts"
import * as EventJson from "./EventJson.ts"
import * as Octets from "./Octets.ts"
import * as Opcode from "./Opcode.ts"

/**
 * `octets` is the frame up to its sequence number. `head` is the same as text, for those who do not write octets. `waits` is
 * where it is counted how many sessions it waits for.
 *
 * @since 0.1.0
 * @category models
 */
export interface Payload {
  readonly _tag: "Payload"
  readonly name: string
  readonly octets: Octets.Octets
  readonly head: string
  readonly waits: Waits
}

class PayloadImpl implements Payload {
  readonly _tag = "Payload"
  readonly name: string
  readonly octets: Octets.Octets
  readonly waits = new Waits()
  private text: string | undefined = undefined

  constructor(name: string, octets: Octets.Octets) {
    this.name = name
    this.octets = octets
  }

  // Most connections write octets, and then there is no need to keep both.
  get head(): string {
    return (this.text ??= Octets.text(this.octets))
  }
}

/** What comes before a frame's sequence number, which ends it. */
const SEQUENCE = Octets.of(`,"s":`)

/**
 * A payload whose data is written already, in one piece or in several.
 *
 * @since 0.1.0
 * @category constructors
 */
export const fromOctets = (name: string, data: ReadonlyArray<Octets.Octets>): Payload => {
  const start = Octets.of(`{"t":${JSON.stringify(name)},"op":${Opcode.DISPATCH},"d":`)
  return new PayloadImpl(name, Octets.concat([start, ...data, SEQUENCE]))
}

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (name: string, data: unknown): Payload => fromOctets(name, [Octets.of(JSON.stringify(data))])

/**
 * A payload as it crosses to another thread or process: still serialised once.
 *
 * @since 0.1.0
 * @category schemas
 */
export const schema = Schema.Struct({ name: Schema.String, octets: Octets.schema }).pipe(
  Schema.decodeTo(
    Schema.declare((input): input is Payload => Predicate.isTagged(input, "Payload"), { identifier: "Payload" }),
    SchemaTransformation.transform({
      decode: ({ name, octets }): Payload => new PayloadImpl(name, octets),
      encode: ({ name, octets }: Payload) => ({ name, octets })
    })
  )
)

/**
 * @since 0.1.0
 * @category constructors
 */
export const fromEvent = (event: Event): Payload => {
  const [name, data] = EventJson.event(event)
  return make(name, data)
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
