/**
 * What the REST routes share: who asks, what they send, and how they are refused.
 *
 * @since 0.1.0
 */
import { Effect, Schema, SchemaIssue } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import type { Accounts } from "../domain/Accounts.ts"
import * as RestError from "../domain/gateway/RestError.ts"
import type { User } from "../domain/User.ts"
import * as Submission from "./ingress/Submission.ts"

/**
 * The user whose token the request bears.
 *
 * @since 0.1.0
 * @category requests
 */
export const caller: Effect.Effect<User, RestError.RestError, Accounts | HttpServerRequest.HttpServerRequest> =
  Effect.flatMap(HttpServerRequest.HttpServerRequest, ({ headers }) => Submission.caller(headers.authorization))

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
 * The largest body that is of use has a thousand overwrites, each an item and an object. To check 85,000, for which there is
 * room, would take 100 ms.
 *
 * @since 0.1.0
 * @category limits
 */
export const MOST_ITEMS = 4_000

/** How many objects there are in a value, and items in its lists, as far as that is not too many. */
const items = (value: unknown, before: number): number => {
  if (typeof value !== "object" || value === null) return before
  let count = before + (Array.isArray(value) ? value.length : 1)
  if (count > MOST_ITEMS) return count
  for (const inner of Object.values(value)) count = items(inner, count)
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
    if (/^multipart\//i.test(request.headers["content-type"] ?? "")) return yield* RestError.unsupportedMediaType()
    const text = yield* Effect.mapError(request.text, RestError.tooLarge)
    const json = yield* Effect.try({ try: (): unknown => JSON.parse(text), catch: RestError.invalidJson })
    if (items(json, 0) > MOST_ITEMS) return yield* tooManyItems()
    return yield* Effect.mapError(decode(json), invalid)
  })
}

/**
 * @since 0.1.0
 * @category responses
 */
export const refused = (error: RestError.RestError): HttpServerResponse.HttpServerResponse =>
  HttpServerResponse.jsonUnsafe(
    {
      message: error.message,
      code: error.code,
      ...(error.errors === undefined ? undefined : { errors: error.errors })
    },
    { status: error.status }
  )

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
