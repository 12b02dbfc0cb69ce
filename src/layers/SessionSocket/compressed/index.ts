/**
 * The ways of compression that clients may ask for in the gateway's address.
 *
 * @since 0.1.0
 */
import type { Compression } from "../../../domain/gateway/Compression.ts"
import type { Framing } from "../Framing.ts"
import * as zlib from "./zlib.ts"
import * as zstd from "./zstd.ts"

/**
 * Makes the framings of the clients of one server, which share what they can.
 *
 * @since 0.1.0
 * @category constructors
 */
export const framings = (): Readonly<Record<Compression, () => Framing>> => ({
  "zlib-stream": zlib.streams(),
  "zstd-stream": zstd.streams()
})
