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
const code = (file: string) => readFileSync(resolve(SOURCE, file), "utf8").replaceAll(/\/\*[\s\S]*?\*\//g, "")
const inFolder = (folder: string) => files.filter((file) => file.startsWith(`${folder}/`))

/** From upstream to downstream, as a message travels. What stands side by side does not know of each other. */
const HOPS = [
  ["main"],
  ["limits"],
  ["thread"],
  ["http", "port"],
  ["Settings", "demo", "loopback", "flags"],
  ["limitOptions"],
  ["BoundedServer", "openFiles"],
  ["Simulation"],
  ["Ingress", "GrpcIngress", "Page"],
  ["me", "people", "structure", "health"],
  ["guildRequest"],
  ["route"],
  ["Rest", "Gateway"],
  ["Submission", "GrpcServer", "commands", "caller"],
  ["limited", "grpcLimits", "PerAddress"],
  ["members", "memberships"],
  ["RemoteGuilds"],
  ["Guilds"],
  ["Bridge", "Relays"],
  ["Outlet", "Proxy"],
  ["Reads"],
  ["Requests"],
  ["Pending"],
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

/** Who reads the wall clock, or what goes by it: for what people are shown, and for what other processes are told. */
const WALL =
  /currentTime(Millis|Nanos)|\bDate\.now|new Date\(\)|DateTime\.now|Schedule\.(fixed|windowed|upTo|during|cron)|(cachedWith|timeToLive|TimeToLive)/
const READS_WALL = [
  "programs/Gateway.ts", // since when people do what they do
  "programs/GrpcIngress.ts", // deadlines, as gRPC has them
  "programs/gateway/commands.ts", // the same
  "programs/guild/facts.ts", // messages' times and ids, and until when members are timed out
  "programs/rest/me.ts", // what members may do who may be timed out
  "programs/rest/route.ts", // when a bucket is full again, as Discord's clients have it
  "programs/transport/Current.ts", // when a message left for another process
  "programs/transport/Trace.ts" // spans' times
]

const broken = (
  from: ReadonlyArray<string>,
  allowed: (specifier: string, file: string) => boolean
): ReadonlyArray<string> =>
  from.flatMap((file) =>
    imports(file)
      .filter((specifier) => !allowed(specifier, file))
      .map((specifier) => `${file} imports ${specifier}`)
  )

/** `Detached` is how layers and programs fork; the other writes a line into the log, once a minute at most. */
const FORKS = ["domain/Detached.ts", "domain/SafeTracer.ts"]

/** Fibers that answer one request and end, of fibers that are detached themselves. */
const SHORT_LIVED = ["programs/gateway/commands.ts", "programs/remote/Bridge.ts"]

describe("imports", () => {
  it("domain knows effect and itself, and nothing of the outside", () => {
    const wrong = broken(inFolder("domain"), (specifier) =>
      specifier.startsWith("domain/") ? true : /^effect(\/|$)/.test(specifier) && !OUTSIDE.test(specifier)
    )
    assert.deepStrictEqual(wrong, [])
  })

  it("domain forks nothing, builds no Layer and reads no clock", () => {
    for (const file of inFolder("domain")) {
      if (!FORKS.includes(file)) assert.notMatch(code(file), /Effect\.(fork|run)/, file)
      assert.notInclude(imports(file), "domain/Detached.ts", file)
      assert.notMatch(code(file), /\bLayer\.|\bDate\.now|new Date\(\)|setTimeout|performance\.|Math\.random/, file)
    }
  })

  it("what is measured goes by monotonic time; only what is shown goes by the wall clock", () => {
    const found = files.filter((file) => {
      return WALL.test(code(file)) && !code(file).includes("Monotonic.schedule")
    })
    assert.deepStrictEqual(found.toSorted(), READS_WALL)
  })

  it("fibers that live on are started by Detached, and thereby in no trace and in no async context", () => {
    const others = files.filter((file) => /Effect\.(fork(Detach|In|Scoped)|runFork)/.test(code(file)))
    assert.deepStrictEqual(others.toSorted(), [...FORKS, ...SHORT_LIVED])
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
