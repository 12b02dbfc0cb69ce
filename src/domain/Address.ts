/**
 * Where a request comes from.
 *
 * @since 0.1.0
 */

/**
 * Whether a name or an address is this machine's own.
 *
 * @since 0.1.0
 * @category guards
 */
export const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || host === "[::1]" || /^(::ffff:)?127(\.\d{1,3}){3}$/i.test(host)

/** Groups of an IPv6 address that are one customer's network. */
const NETWORK = 4

/** The first 64 bits of an IPv6 address: whoever has one has all of them. */
const networkOf = (address: string): string => {
  const [front = "", back] = address.toLowerCase().split("::")
  const groups = front === "" ? [] : front.split(":")
  if (back !== undefined) {
    const missing = 8 - groups.length - (back === "" ? 0 : back.split(":").length)
    groups.push(...Array.from({ length: Math.max(0, missing) }, () => "0"), ...back.split(":"))
  }
  return groups
    .slice(0, NETWORK)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")
}

/**
 * Whom requests are counted for: an IPv4 address, or the network of an IPv6 address. A proxy on this machine says who asked
 * it, in `X-Forwarded-For`, last: what stands before that came with the request, and may be anything.
 *
 * @since 0.1.0
 * @category getters
 */
export const client = (remote: string | undefined, forwarded?: string): string => {
  const said = remote !== undefined && isLoopback(remote) ? forwarded?.split(",").at(-1)?.trim() : undefined
  const address = (said === undefined || said === "" ? remote : said) ?? ""
  const mapped = /^::ffff:(\d{1,3}(?:\.\d{1,3}){3})$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (/^[\d.]+(:\d+)?$/.test(address)) return address.replace(/:.*/, "")
  return address.includes(":") ? networkOf(address.replace(/^\[|\].*$/g, "")) : address
}
