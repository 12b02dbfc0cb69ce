/**
 * Messages over a wire: what leaves this process, and what comes into it.
 *
 * @since 0.1.0
 */
import { Effect, Result, Schema } from "effect"
import * as Choice from "../../domain/Choice.ts"
import * as Envelope from "../../domain/Envelope.ts"
import * as Propagation from "../../domain/Propagation.ts"
import * as Threshold from "../../domain/Threshold.ts"
import type { TraceContext } from "../../domain/TraceContext.ts"
import { asked, carrier, current, reject } from "./Current.ts"

/**
 * The same for all messages of a trace, so that traces are enveloped whole. It is not the trace's randomness itself:
 * who sampled by that has left traces that are all on one side.
 */
const position = (context: TraceContext, destination: string): number =>
  Choice.position(Threshold.randomness(context) ?? context.traceId.slice(-14), destination)

/**
 * The wire form of a message: bare, or enveloped with the trace that the fiber is in, if what is at the destination is
 * to get envelopes (`Propagation.wrap`).
 *
 * @since 0.1.0
 * @category wire
 */
export const encode = <M, I, RD, RE>(
  schema: Schema.Codec<M, I, RD, RE>,
  destination = ""
): ((message: M) => Effect.Effect<unknown, Schema.SchemaError, RE>) => {
  const encodeMessage = Schema.encodeEffect(schema)
  return (message) =>
    Effect.withFiber((fiber) => {
      const context = current(fiber)
      const share = context === undefined ? 0 : asked(() => fiber.getRef(Propagation.wrap)(destination), 0)
      const wraps = context !== undefined && (share >= 1 || position(context, destination) < share)
      const carried = wraps ? carrier(fiber, context) : undefined
      return Effect.map(encodeMessage(message), (encoded) => Envelope.write(encoded, carried))
    })
}

/**
 * What came over a wire, as it goes into a mailbox: bare, or in an envelope. One of a newer major version is an
 * `UnsupportedVersion`, and counted; a carrier that is malformed is dropped and counted.
 *
 * @example
 * ```ts
 * import { Effect, Schema } from "effect"
 * import { Transport } from "fanfare"
 *
 * const Greeting = Schema.Struct({ text: Schema.String })
 * const program = Effect.gen(function* () {
 *   const onTheWire = yield* Transport.encode(Greeting, "greeter")({ text: "hello" })
 *   return yield* Transport.decode(Greeting)(onTheWire)
 * })
 * ```
 *
 * @since 0.1.0
 * @category wire
 */
export const decode = <M, I, RD, RE>(
  schema: Schema.Codec<M, I, RD, RE>
): ((
  input: unknown
) => Effect.Effect<M | Envelope.Envelope<M>, Envelope.UnsupportedVersion | Schema.SchemaError, RD>) => {
  const decodeMessage = Schema.decodeUnknownEffect(schema)
  return (input) =>
    Effect.withFiber<M | Envelope.Envelope<M>, Envelope.UnsupportedVersion | Schema.SchemaError, RD>((fiber) => {
      const read = Envelope.read(input)
      if (Result.isFailure(read)) {
        reject(fiber, ["envelope.version"])
        return Effect.fail(read.failure)
      }
      const { carrier, message, rejections } = read.success
      if (rejections.length > 0) reject(fiber, rejections)
      return Effect.map(decodeMessage(message), (message) =>
        carrier === undefined ? message : Envelope.make(message, carrier)
      )
    })
}
