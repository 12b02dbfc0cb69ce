import { assert, describe, it } from "@effect/vitest"
import * as Address from "../../src/domain/Address.ts"

describe("Address.client", () => {
  it.each([
    ["an IPv4 address", "203.0.113.7", undefined, "203.0.113.7"],
    ["written as IPv6", "::ffff:203.0.113.7", undefined, "203.0.113.7"],
    ["an IPv6 address stands for its network", "2001:db8:1:2:3:4:5:6", undefined, "2001:db8:1:2"],
    ["with zeros left out", "2001:DB8::6", undefined, "2001:db8:0:0"],
    ["with zeros written", "2001:0db8:0000:0000:0003:0004:0005:0006", undefined, "2001:db8:0:0"],
    ["in brackets, as gRPC has it", "[2001:db8::6]", undefined, "2001:db8:0:0"],
    ["nobody behind a proxy elsewhere is believed", "203.0.113.7", "198.51.100.1", "203.0.113.7"],
    ["a proxy on this machine is", "127.0.0.1", "198.51.100.1", "198.51.100.1"],
    ["and what came with the request is not", "::1", "10.0.0.1, 198.51.100.1", "198.51.100.1"],
    ["with its port, as some have it", "127.0.0.1", "198.51.100.1:5678", "198.51.100.1"],
    ["a proxy that says nothing", "127.0.0.1", undefined, "127.0.0.1"],
    ["a proxy that is asked by IPv6", "::ffff:127.0.0.1", "2001:db8:1:2:3::4", "2001:db8:1:2"],
    ["no address at all", undefined, "198.51.100.1", ""]
  ])("%s", (_, remote, forwarded, expected) => {
    assert.strictEqual(Address.client(remote, forwarded), expected)
  })
})
