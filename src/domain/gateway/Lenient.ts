/**
 * What clients send, read as generously as Discord reads it: ids and numbers as numbers or texts, and `null` for what is left
 * out.
 *
 * @since 0.1.0
 */
import { Option, Schema, SchemaTransformation } from "effect"

/**
 * A field that may be left out or `null`: both mean that it is not given.
 *
 * @since 0.1.0
 * @category schemas
 */
export const optional = <S extends Schema.Constraint>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))

/**
 * A text, or an integer of the same digits: an id, say.
 *
 * @since 0.1.0
 * @category schemas
 */
export const text = <A>(schema: Schema.Codec<A, string>) =>
  Schema.Union([Schema.String, Schema.Int]).pipe(
    Schema.decodeTo(
      schema,
      SchemaTransformation.transform<string, string | number>({ decode: String, encode: (text) => text })
    )
  )

const Digits = Schema.String.check(Schema.isPattern(/^-?\d{1,15}$/))

/**
 * An integer, or its digits.
 *
 * @since 0.1.0
 * @category schemas
 */
export const integer = Schema.Union([Schema.Int, Digits]).pipe(
  Schema.decodeTo(
    Schema.Int,
    SchemaTransformation.transform<number, string | number>({ decode: Number, encode: (value) => value })
  )
)

const isNothing = (value: unknown): boolean =>
  value === null || value === 0 || value === false || (Array.isArray(value) && value.length === 0)

/**
 * A field of Discord's that is not there yet. It may be left out, or say nothing: a request that asks for something by it is
 * refused, since it would be answered as if that had been done.
 *
 * @since 0.1.0
 * @category schemas
 */
export const notYet = Schema.optionalKey(
  Schema.Unknown.check(Schema.makeFilter(isNothing, { expected: "nothing: this is not there yet" }))
)

/**
 * A field that makes no difference where it is something else than it should be: it is nothing then.
 *
 * @since 0.1.0
 * @category schemas
 */
export const orNothing = <A, I>(schema: Schema.Codec<A, I>) => {
  const decode = Schema.decodeUnknownOption(schema)
  return Schema.optionalKey(
    Schema.Unknown.pipe(
      Schema.decodeTo(
        Schema.UndefinedOr(Schema.toType(schema)),
        SchemaTransformation.transform<A | undefined, unknown>({
          decode: (input) => Option.getOrUndefined(decode(input)),
          encode: (value) => value
        })
      )
    )
  )
}

/**
 * A value, or a list of no more than that.
 *
 * @since 0.1.0
 * @category schemas
 */
export const single = <A, I>(schema: Schema.Codec<A, I>) =>
  Schema.Union([schema, Schema.Tuple([schema])]).pipe(
    Schema.decodeTo(
      Schema.toType(schema),
      SchemaTransformation.transform({
        decode: (value: A | readonly [A]) => (Array.isArray(value) ? value[0] : value),
        encode: (value: A): A | readonly [A] => value
      })
    )
  )
