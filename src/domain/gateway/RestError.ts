/**
 * How the REST routes say no: Discord's status codes and error shape.
 *
 * @see https://discord.com/developers/docs/topics/opcodes-and-status-codes#json
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * `status` is HTTP's, `code` Discord's own. `errors` says which field is wrong and how. With 429, `retryAfter` says in how many
 * seconds to ask again, and `isGlobal` that this is so whatever is asked for.
 *
 * @since 0.1.0
 * @category errors
 */
export class RestError extends Schema.TaggedError<RestError>()("RestError", {
  status: Schema.Int,
  code: Schema.Int,
  message: Schema.String,
  errors: Schema.optionalKey(Schema.Json),
  retryAfter: Schema.optionalKey(Schema.Finite),
  isGlobal: Schema.optionalKey(Schema.Boolean)
}) {}

/** Errors that only repeat their status. */
const plain = (status: number, text: string) => new RestError({ status, code: 0, message: `${status}: ${text}` })

/**
 * @since 0.1.0
 * @category constructors
 */
export const unauthorized = () => plain(401, "Unauthorized")
/**
 * @since 0.1.0
 * @category constructors
 */
export const forbidden = () => plain(403, "Forbidden")
/**
 * @since 0.1.0
 * @category constructors
 */
export const notFound = () => plain(404, "Not Found")
/**
 * @since 0.1.0
 * @category constructors
 */
export const unsupportedMediaType = () => plain(415, "Unsupported Media Type")
/**
 * @since 0.1.0
 * @category constructors
 */
export const internal = () => plain(500, "Internal Server Error")
/**
 * @since 0.1.0
 * @category constructors
 */
export const unavailable = () => plain(503, "Service Unavailable")
/**
 * Nobody knows whether it was done.
 *
 * @since 0.1.0
 * @category constructors
 */
export const gatewayTimeout = () => plain(504, "Gateway Timeout")
/**
 * @since 0.1.0
 * @category constructors
 */
export const unknownChannel = () => new RestError({ status: 404, code: 10003, message: "Unknown Channel" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const unknownGuild = () => new RestError({ status: 404, code: 10004, message: "Unknown Guild" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const unknownMember = () => new RestError({ status: 404, code: 10007, message: "Unknown Member" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const unknownOverwrite = () => new RestError({ status: 404, code: 10009, message: "Unknown Overwrite" })
/**
 * A channel is in slow mode; one may write there again in so many milliseconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const slowedDown = (millis: number) =>
  new RestError({
    status: 429,
    code: 20016,
    message: "This action cannot be performed due to slowmode rate limit.",
    retryAfter: Math.ceil(millis) / 1_000
  })
/**
 * @since 0.1.0
 * @category constructors
 */
export const unknownRole = () => new RestError({ status: 404, code: 10011, message: "Unknown Role" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const notInVoice = () =>
  new RestError({ status: 400, code: 40032, message: "Target user is not connected to voice." })
/**
 * @since 0.1.0
 * @category constructors
 */
export const unknownUser = () => new RestError({ status: 404, code: 10013, message: "Unknown User" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const tooLarge = () => new RestError({ status: 413, code: 40005, message: "Request entity too large" })
/**
 * Too much was asked for; there will be room in so many milliseconds.
 *
 * @since 0.1.0
 * @category constructors
 */
export const rateLimited = (millis: number, isGlobal: boolean) =>
  new RestError({
    status: 429,
    code: 0,
    message: "You are being rate limited.",
    retryAfter: Math.ceil(millis) / 1_000,
    isGlobal
  })
/**
 * @since 0.1.0
 * @category constructors
 */
export const tooManySessions = (message: string) => new RestError({ status: 429, code: 0, message })
/**
 * @since 0.1.0
 * @category constructors
 */
export const missingAccess = () => new RestError({ status: 403, code: 50001, message: "Missing Access" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const emptyMessage = () => new RestError({ status: 400, code: 50006, message: "Cannot send an empty message" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const missingPermissions = () => new RestError({ status: 403, code: 50013, message: "Missing Permissions" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const wrongChannel = () =>
  new RestError({ status: 400, code: 50024, message: "Cannot execute action on this channel type" })
const TOO_MANY = {
  roles: { code: 30005, text: "guild roles" },
  channels: { code: 30013, text: "guild channels" },
  overwrites: { code: 30060, text: "channel permission overwrites" }
} as const
/**
 * @since 0.1.0
 * @category constructors
 */
export const tooMany = ({
  most,
  what
}: {
  readonly what: keyof typeof TOO_MANY | "channels of a category"
  readonly most: number
}) => {
  if (what === "channels of a category") {
    return invalidForm(["parent_id"], {
      code: "CHANNEL_PARENT_MAX_CHANNELS",
      message: `Maximum number of channels in category reached (${most})`
    })
  }
  const { code, text } = TOO_MANY[what]
  return new RestError({ status: 400, code, message: `Maximum number of ${text} reached (${most})` })
}
/**
 * @since 0.1.0
 * @category constructors
 */
export const invalidGuild = () => new RestError({ status: 400, code: 50055, message: "Invalid Guild" })
/**
 * @since 0.1.0
 * @category constructors
 */
export const invalidJson = () =>
  new RestError({ status: 400, code: 50109, message: "The request body contains invalid JSON." })

/**
 * Some field is not as it must be; `field` is where, outermost first.
 *
 * @since 0.1.0
 * @category constructors
 */
export const invalidForm = (field: ReadonlyArray<string | number>, problem: { code: string; message: string }) =>
  new RestError({
    status: 400,
    code: 50035,
    message: "Invalid Form Body",
    errors: field.reduceRight<Schema.Json>((inner, key) => ({ [key]: inner }), { _errors: [problem] })
  })
