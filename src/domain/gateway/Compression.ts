/**
 * How the gateway's connections may be compressed, as clients ask for it in its address.
 *
 * @see https://discord.com/developers/docs/events/gateway#transport-compression
 * @since 0.1.0
 */
import { Schema } from "effect"

/**
 * @since 0.1.0
 * @category schemas
 */
export const Compression = Schema.Literals(["zlib-stream", "zstd-stream"])
/**
 * @since 0.1.0
 * @category models
 */
export type Compression = typeof Compression.Type

/**
 * @since 0.1.0
 * @category guards
 */
export const isCompression = Schema.is(Compression)
