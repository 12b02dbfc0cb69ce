/**
 * What every limit is called: on the page of limits (`docs/operating.md`), in `--limit NAME=VALUE`, and as an attribute of the
 * metric `fanfare.limited`.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export type LimitName =
  | "connections"
  | "connections-per-address"
  | "unidentified"
  | "unidentified-per-address"
  | "time-to-identify"
  | "frames"
  | "frame-size"
  | "updates"
  | "sessions"
  | "identifies"
  | "session-starts"
  | "wrong-tokens"
  | "requests"
  | "requests-per-route"
  | "messages"
  | "member-requests"
  | "searches"
  | "searches-per-user"
  | "waiting-messages"
  | "waiting-per-session"
  | "waiting-per-user"
  | "waiting"
  | "unsent"
  | "time-to-send"
  | "requests-under-way"
  | "cut-connections"
  | "standstill"
  | "body-size"
  | "items"
  | "embeds-size"
  | "grpc-connections"
  | "grpc-connections-per-address"
  | "grpc-request-size"
  | "grpc-streams"
  | "grpc-ping"
  | "grpc-idle"
