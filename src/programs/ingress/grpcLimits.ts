/**
 * What gRPC connections may have: apart from the server, whose packages are optional.
 *
 * @since 0.1.0
 */

/**
 * So many `connections` in all, and `perAddress` of one address. Of one connection: bytes of a `request`, more than any message
 * needs and far less than gRPC would take; calls and `streams` at a time; and milliseconds after which a silent connection is
 * asked whether somebody is there (`pingEvery`), has to have answered (`pingAnswer`), and is closed if it has no calls (`idle`:
 * clients open another when they need one).
 *
 * @since 0.1.0
 * @category models
 */
export interface Limits {
  readonly connections: number
  readonly perAddress: number
  readonly request: number
  readonly streams: number
  readonly pingEvery: number
  readonly pingAnswer: number
  readonly idle: number
}

/**
 * @since 0.1.0
 * @category limits
 */
export const DEFAULTS: Limits = {
  connections: 1_000,
  perAddress: 500,
  request: 256 * 1024,
  streams: 100,
  pingEvery: 60_000,
  pingAnswer: 20_000,
  idle: 300_000
}
