// Runs a script with a Node that can: this one when it is new enough, else the pinned one of tools/node.
// Effect's Node packages need 22.19, and so does running TypeScript without a build.
import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { createRequire } from "node:module"
import { delimiter, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

const [script, ...args] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const root = dirname(dirname(fileURLToPath(import.meta.url)))

const isNewEnough = () => {
  const [major, minor] = process.versions.node.split(".").map(Number)
  return major > 22 || (major === 22 && minor >= 19)
}

const pinned = () => {
  const platform = process.platform === "win32" ? "win" : process.platform
  const name = `node-${platform}-${process.arch}`
  try {
    const folder = dirname(require.resolve(`${name}/package.json`, { paths: [root, join(root, "tools/node")] }))
    const binary = join(folder, "bin", platform === "win" ? "node.exe" : "node")
    return existsSync(binary) ? binary : undefined
  } catch {
    return undefined
  }
}

const node = isNewEnough() ? process.execPath : pinned()
if (node === undefined) {
  console.error(
    `Fanfare needs Node.js 22.19 or newer; this is ${process.version}, and no pinned Node is installed for ` +
      `${process.platform}-${process.arch}.\nRun "npm ci" without --omit=optional, or install Node.js 22.19 or newer.`
  )
  process.exit(1)
}

// V8's own choice for the young generation, three times 16 MiB, lets what waits for a few tenths of a second grow old, under
// load: then all of the heap is marked every few seconds, for up to half a second (docs/garbage-collection.md).
const YOUNG = "--max-semi-space-size=64"
// A hundred seconds after the last mark V8 marks the heap again, however busy the process is, and shrinks the young generation
// to 1 MiB. To forty guilds that speak that was a second of slow messages, and two marks more (same page).
const STEADY = "--no-memory-reducer"
const flags = /semi-space-size/.test(process.env.NODE_OPTIONS ?? "") ? [STEADY] : [STEADY, YOUNG]

const child = spawn(node, [...flags, script, ...args], {
  stdio: "inherit",
  env: { ...process.env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ""}` }
})
// A supervisor signals this process only. A terminal signals the whole group, and then the child hears it twice, which
// is no harm: one cannot tell the two apart.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
child.on("error", (error) => {
  console.error(`could not start ${node}: ${error.message}`)
  process.exit(1)
})
child.on("exit", (code, signal) => {
  if (signal === null) process.exit(code ?? 1)
  process.removeAllListeners(signal)
  process.kill(process.pid, signal)
})
