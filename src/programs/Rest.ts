/**
 * What the REST routes share: what is sent to them, and how they answer and refuse.
 *
 * @since 0.1.0
 */
import { Effect, Schema, SchemaIssue, SchemaTransformation } from "effect"
import { HttpIncomingMessage, HttpServerRequest, HttpServerResponse } from "effect/http"
import * as ExactJson from "../domain/gateway/ExactJson.ts"
import * as RestError from "../domain/gateway/RestError.ts"
import { beyond } from "./ingress/limited.ts"

const issues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Says of the first field that is wrong what is wrong with it. */
const invalid = (error: Schema.SchemaError): RestError.RestError => {
  const [first] = issues(error.issue).issues
  const path = (first?.path ?? []).map((part) => {
    const key = typeof part === "object" ? part.key : part
    return typeof key === "symbol" ? String(key) : key
  })
  return RestError.invalidForm(path, { code: "BASE_TYPE_CONVERT", message: first?.message ?? "Invalid value." })
}

/**
 * A value from the path or the query.
 *
 * @since 0.1.0
 * @category requests
 */
export const parameter = <A>(
  schema: Schema.Codec<A, string>,
  name: string,
  value: string | undefined
): Effect.Effect<A, RestError.RestError> =>
  Effect.mapError(Effect.fromOption(Schema.decodeUnknownOption(schema)(value)), () =>
    RestError.invalidForm([name], {
      code: "NUMBER_TYPE_COERCE",
      message: `Value "${value ?? ""}" is not snowflake.`
    })
  )

/**
 * The request's query.
 *
 * @since 0.1.0
 * @category requests
 */
export const query = <A, I extends Readonly<Record<string, string | ReadonlyArray<string> | undefined>>>(
  schema: Schema.Codec<A, I>
) => Effect.mapError(HttpServerRequest.schemaSearchParams(schema), invalid)

/**
 * A flag in a query, as clients write it.
 *
 * @since 0.1.0
 * @category requests
 */
export const Flag = Schema.Literals(["true", "false", "1", "0", "True", "False"]).pipe(
  Schema.decodeTo(
    Schema.Boolean,
    SchemaTransformation.transform({
      decode: (text) => text === "1" || text.toLowerCase() === "true",
      encode: (is) => (is ? "true" : "false")
    })
  )
)

/**
 * The largest body that is of use has a thousand overwrites, each an item and an object. To check 85,000, for which there is
 * room, would take 100 ms.
 *
 * @since 0.1.0
 * @category limits
 */
export const MOST_ITEMS = 4_000

/**
 * Keys of one object: those that are of use have some twenty.
 *
 * @since 0.1.0
 * @category limits
 */
export const MOST_KEYS = 500

/**
 * Commas outside of texts, of which the largest body that is of use has some 4,000. They are counted before the body is parsed:
 * that takes 0.7 ms of 200 kB, and to parse as much with 20,000 keys in it, and to look at these, 16.
 *
 * @since 0.1.0
 * @category limits
 */
export const MOST_COMMAS = 2 * MOST_ITEMS

const QUOTE = 34
const COMMA = 44
const BACKSLASH = 92

const commas = (json: string): number => {
  let count = 0
  let isText = false
  for (let at = 0; at < json.length; at++) {
    const letter = json.charCodeAt(at)
    if (letter === QUOTE) isText = !isText
    else if (isText && letter === BACKSLASH) at++
    else if (!isText && letter === COMMA) count++
  }
  return count
}

/** How many objects there are in a value, and items in its lists, as far as that is not too many. */
const items = (value: unknown, before: number): number => {
  if (typeof value !== "object" || value === null) return before
  const inner = Object.values(value)
  if (!Array.isArray(value) && inner.length > MOST_KEYS) return MOST_ITEMS + 1
  let count = before + (Array.isArray(value) ? inner.length : 1)
  for (let at = 0; at < inner.length && count <= MOST_ITEMS; at++) count = items(inner[at], count)
  return count
}

const tooManyItems = () =>
  RestError.invalidForm([], {
    code: "BASE_TYPE_MAX_LENGTH",
    message: `Must be ${MOST_ITEMS} or fewer in length.`
  })

/**
 * The request's JSON body.
 *
 * @since 0.1.0
 * @category requests
 */
export const body = <A, I>(
  schema: Schema.Codec<A, I>
): Effect.Effect<A, RestError.RestError, HttpServerRequest.HttpServerRequest> => {
  const decode = Schema.decodeUnknownEffect(schema)
  return Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const {
      "content-encoding": encoding = "identity",
      "content-length": length,
      "content-type": type
    } = request.headers
    if (/^multipart\//i.test(type ?? "") || !/^identity$/i.test(encoding)) {
      return yield* RestError.unsupportedMediaType()
    }
    // One that says so is not read.
    const most = yield* HttpIncomingMessage.MaxBodySize
    if (most !== undefined && Number(length ?? 0) > Number(most))
      return yield* beyond("body-size", RestError.tooLarge())
    const text = yield* Effect.catch(request.text, () => beyond("body-size", RestError.tooLarge()))
    if (commas(text) > MOST_COMMAS) return yield* beyond("items", tooManyItems())
    const json = yield* Effect.try({ try: (): unknown => ExactJson.parse(text), catch: RestError.invalidJson })
    if (items(json, 0) > MOST_ITEMS) return yield* beyond("items", tooManyItems())
    return yield* Effect.mapError(decode(json), invalid)
  })
}

/**
 * @since 0.1.0
 * @category responses
 */
export const refused = (error: RestError.RestError): HttpServerResponse.HttpServerResponse => {
  const { code, errors, isGlobal = false, message, retryAfter, status } = error
  const body = { message, code, ...(errors === undefined ? undefined : { errors }) }
  if (retryAfter === undefined) {
    // What is too large has not been read, and the next request on this connection would stand behind it.
    return HttpServerResponse.jsonUnsafe(body, {
      status,
      ...(status === 413 ? { headers: { connection: "close" } } : undefined)
    })
  }
  return HttpServerResponse.jsonUnsafe(
    { ...body, retry_after: retryAfter, global: isGlobal },
    {
      status,
      headers: {
        "retry-after": String(Math.ceil(retryAfter)),
        "x-ratelimit-scope": isGlobal ? "global" : "user",
        ...(isGlobal ? { "x-ratelimit-global": "true" } : undefined)
      }
    }
  )
}

/**
 * Answers with what is made of the value, or with the refusal. A defect is logged and answered as Discord answers its
 * own.
 *
 * @since 0.1.0
 * @category responses
 */
export const respondWith = <A, R>(
  handler: Effect.Effect<A, RestError.RestError, R>,
  make: (value: A) => HttpServerResponse.HttpServerResponse
): Effect.Effect<HttpServerResponse.HttpServerResponse, never, R> =>
  handler.pipe(
    Effect.map(make),
    Effect.catchTag("RestError", (error) => Effect.succeed(refused(error))),
    Effect.catchDefect((defect) =>
      Effect.as(Effect.logError("a route died of a defect", defect), refused(RestError.internal()))
    )
  )

/**
 * Answers with the value as JSON.
 *
 * @since 0.1.0
 * @category responses
 */
export const respond = <R>(handler: Effect.Effect<unknown, RestError.RestError, R>) =>
  respondWith(handler, (value) => HttpServerResponse.jsonUnsafe(value))
