import { assert, describe, it } from "@effect/vitest"
import { globSync, readFileSync } from "node:fs"
import { dirname, posix, relative, resolve } from "node:path"

/**
 * The import rules: domain ← layers, programs; programs know contracts and not layers, and a hop knows only those
 * downstream of it; only the server (`main`, `server`) chooses Layers.
 */
const SOURCE = resolve(import.meta.dirname, "../src")

const imports = (file: string): ReadonlyArray<string> =>
  Array.from(
    readFileSync(resolve(SOURCE, file), "utf8").matchAll(/^(?:import|export)\b[^"'=(]*?\bfrom "([^"]+)"/gm),
    ([, specifier = ""]) =>
      specifier.startsWith(".")
        ? posix.normalize(relative(SOURCE, resolve(SOURCE, dirname(file), specifier)).replaceAll("\\", "/"))
        : specifier
  )

const files = globSync("**/*.ts", { cwd: SOURCE }).map((file) => file.replaceAll("\\", "/"))
const inFolder = (folder: string) => files.filter((file) => file.startsWith(`${folder}/`))

/** From upstream to downstream, as a message travels. What stands side by side does not know of each other. */
const HOPS = [
  ["main"],
  ["thread"],
  ["http", "port"],
  ["Settings", "demo"],
  ["Simulation"],
  ["Ingress", "GrpcIngress", "Page"],
  ["people", "structure"],
  ["guildRequest"],
  ["Rest", "Gateway"],
  ["Submission", "GrpcServer", "commands"],
  ["members"],
  ["RemoteGuilds"],
  ["Guilds"],
  ["Bridge", "Relays"],
  ["Outlet", "Proxy"],
  ["Guild"],
  ["background", "handle"],
  ["facts", "InFlight"],
  ["interpret"],
  ["MemberLists"],
  ["Listings"],
  ["Shell", "Joins"],
  ["Relay"],
  ["Session"],
  ["Actor"],
  ["serve"],
  ["Options", "parking", "phase", "supervise"],
  ["Later", "timers", "ask"],
  ["Transport"],
  ["Callers"],
  ["Receive", "Passing", "Send", "FanOut", "Wire"],
  ["Incoming"],
  ["Trace"],
  ["Current"],
  ["Sampling"]
]
const rank = (file: string) => HOPS.findIndex((hops) => hops.includes(posix.basename(file, ".ts")))

/** What must not reach the domain: sockets, threads, files, clocks, servers. */
const OUTSIDE =
  /^(node:|@effect\/platform|effect\/(http|socket|workers|net|cluster|observability|rpc|sql|cli|process)\b)/

const broken = (
  from: ReadonlyArray<string>,
  allowed: (specifier: string, file: string) => boolean
): ReadonlyArray<string> =>
  from.flatMap((file) =>
    imports(file)
      .filter((specifier) => !allowed(specifier, file))
      .map((specifier) => `${file} imports ${specifier}`)
  )

describe("imports", () => {
  it("domain knows effect and itself, and nothing of the outside", () => {
    const wrong = broken(inFolder("domain"), (specifier) =>
      specifier.startsWith("domain/") ? true : /^effect(\/|$)/.test(specifier) && !OUTSIDE.test(specifier)
    )
    assert.deepStrictEqual(wrong, [])
  })

  it("domain forks nothing, builds no Layer and reads no clock", () => {
    for (const file of inFolder("domain")) {
      const text = readFileSync(resolve(SOURCE, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "")
      assert.notMatch(
        text,
        /Effect\.(fork|run)|\bLayer\.|\bDate\.now|new Date\(\)|setTimeout|performance\.|Math\.random/,
        file
      )
    }
  })

  it("layers know the domain, not the programs", () => {
    assert.deepStrictEqual(
      broken(inFolder("layers"), (specifier) => !specifier.startsWith("programs/")),
      []
    )
  })

  it("programs know contracts, not layers; but for the server", () => {
    const wrong = broken(
      inFolder("programs").filter((file) => file !== "programs/main.ts" && !file.startsWith("programs/server/")),
      (specifier) => !specifier.startsWith("layers/")
    )
    assert.deepStrictEqual(wrong, [])
  })

  it("a hop knows only those downstream of it", () => {
    for (const file of inFolder("programs"))
      assert.notStrictEqual(rank(file), -1, `${file} has no place among the hops`)
    const wrong = broken(inFolder("programs"), (specifier, file) => {
      if (!specifier.startsWith("programs/")) return true
      return rank(specifier) > rank(file) || posix.basename(file) === "main.ts"
    })
    assert.deepStrictEqual(wrong, [])
  })

  it("what the test reads is what is there", () => {
    assert.include(imports("programs/Guild.ts"), "programs/Relay.ts")
    assert.isAbove(files.length, 40)
  })
})
