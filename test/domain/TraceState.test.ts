import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as TraceState from "../../src/domain/TraceState.ts"

const Key = Schema.String.check(Schema.isPattern(/^[a-z0-9][a-z0-9_\-*/@]{0,20}$/))
const Value = Schema.String.check(Schema.isPattern(/^[!-+\--<>-~ ]{0,20}[!-+\--<>-~]$/))
const Members = Schema.Array(Schema.Tuple([Key, Value]))
const Blank = Schema.Literals(["", " ", "\t", " \t "])

const unique = (members: ReadonlyArray<readonly [string, string]>) => Array.from(new Map(members)).slice(0, 10)
const text = (members: ReadonlyArray<readonly [string, string]>) => members.map((member) => member.join("=")).join(",")

describe("TraceState.parse", () => {
  it.prop("what the grammar allows comes through in its order", [Members, Blank], ([all, blank]) => {
    const members = unique(all)
    const spaced = members.map((member) => `${blank}${member.join("=").trimStart()}${blank}`).join(",")
    const back = Result.getOrThrow(TraceState.parse(spaced))
    assert.strictEqual(back, text(members))
  })

  it.prop("several headers are one, wherever it is cut", [Members, Schema.Int], ([all, at]) => {
    const members = unique(all)
    const cut = Math.abs(at) % (members.length + 1)
    assert.deepStrictEqual(
      TraceState.parse([text(members.slice(0, cut)), text(members.slice(cut))]),
      TraceState.parse(text(members))
    )
  })

  it("empty members are nothing", () => {
    assert.deepStrictEqual(TraceState.parse(" , ,\t,foo=1,,"), Result.succeed("foo=1"))
    assert.deepStrictEqual(TraceState.parse(["", ""]), Result.succeed(""))
    assert.deepStrictEqual(TraceState.parse(""), Result.succeed(""))
  })

  it("all characters that are allowed, also leading spaces of a value", () => {
    const printable = Array.from({ length: 0x5f }, (_, index) => String.fromCharCode(0x20 + index)).join("")
    const list = `abcdefghijklmnopqrstuvwxyz0123456789_-*/@a-z0-9_-*/=${printable.replace(/[,=]/g, "")}`
    assert.deepStrictEqual(TraceState.parse(list), Result.succeed(list))
    assert.deepStrictEqual(TraceState.parse("0a@b=1"), Result.succeed("0a@b=1"))
  })

  it.each([
    ["a key in upper case", "FOO=1", "tracestate.malformed"],
    ["a space in a key", "foo =1", "tracestate.malformed"],
    ["a dot in a key", "foo.bar=1", "tracestate.malformed"],
    ["a key that begins with a sign", "@foo=1", "tracestate.malformed"],
    ["no key", "=1", "tracestate.malformed"],
    ["no value", "foo=", "tracestate.malformed"],
    ["no equals sign", "foo", "tracestate.malformed"],
    ["an equals sign in a value", "foo=bar=baz", "tracestate.malformed"],
    ["a tab in a value", "foo=b\tr", "tracestate.malformed"],
    ["what is not ASCII", "foo=bär", "tracestate.malformed"],
    ["a key of 257", `${"z".repeat(257)}=1`, "tracestate.malformed"],
    ["a value of 257", `a=${"z".repeat(257)}`, "tracestate.malformed"],
    ["one wrong among many", "foo=1,BAR=2,baz=3", "tracestate.malformed"],
    ["a key twice", "foo=1,bar=2,foo=1", "tracestate.repeated"],
    ["33 members", Array.from({ length: 33 }, (_, index) => `k${index}=1`).join(","), "tracestate.members"],
    ["beyond all reason", "a=1,".repeat(3000), "tracestate.length"]
  ] as const)("rejected as a whole: %s", (_, list, reason) => {
    assert.deepStrictEqual(TraceState.parse(list), Result.fail(reason))
  })

  it("a list that is too long loses whole members: large ones first, then from the end", () => {
    const member = (key: string, size: number) => `${key}=${"x".repeat(size - key.length - 1)}`
    const large = member("large", 129)
    const others = Array.from({ length: 4 }, (_, index) => member(`k${index}`, 128))
    const three = others.slice(0, 3)
    assert.strictEqual(Result.getOrThrow(TraceState.parse([large, ...three])), three.join(","))
    assert.strictEqual(Result.getOrThrow(TraceState.parse([large, ...others])), others.slice(0, 3).join(","))
    assert.strictEqual(Result.getOrThrow(TraceState.parse([large, others[0] ?? ""])), [large, others[0]].join(","))
  })

  it("a run of spaces as long as a header may be costs no more than reading it", () => {
    assert.deepStrictEqual(TraceState.parse(`a=1${" ".repeat(8000)}`), Result.succeed("a=1"))
    assert.deepStrictEqual(TraceState.parse(`a${" ".repeat(8000)}b`), Result.fail("tracestate.malformed"))
  })
})

describe("TraceState", () => {
  it.prop("what is set comes first, and the others keep their order", [Members, Key, Value], ([all, key, value]) => {
    const members = unique(all)
    const set = TraceState.set(text(members), key, value)
    assert.strictEqual(TraceState.get(set, key), value)
    assert.strictEqual(set, text([[key, value], ...members.filter(([other]) => other !== key)]))
    assert.strictEqual(TraceState.remove(set, key), text(members.filter(([other]) => other !== key)))
  })

  it("what the grammar does not allow is not set", () => {
    assert.strictEqual(TraceState.set("a=1", "B", "2"), "a=1")
    assert.strictEqual(TraceState.set("a=1", "b", "2,c=3"), "a=1")
  })

  it("a list never grows beyond 32 members, or 512 characters", () => {
    const full = Array.from({ length: 32 }, (_, index) => `v${index}=x`).join(",")
    assert.lengthOf(TraceState.set(full, "new", "1").split(","), 32)
    const long = Array.from({ length: 4 }, (_, index) => `v${index}=${"x".repeat(124)}`).join(",")
    assert.isAtMost(TraceState.set(long, "new", "1").length, 512)
  })
})
