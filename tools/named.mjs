// Runs one program of a folder by its name: `npm run example -- one-guild`, `npm run -s bench -- path --quick`.
import { readdirSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"

const [folder, name] = process.argv.slice(2)
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isFile() && entry.name.endsWith(".ts"))
  .map((entry) => entry.name.slice(0, -3))

if (name === undefined || !names.includes(name)) {
  console.error(
    `usage: npm run ${folder === "examples" ? "example" : folder} -- NAME, where NAME is one of: ${names.join(", ")}`
  )
  process.exit(2)
}
process.argv.splice(1, 3, resolve(folder, `${name}.ts`))
await import(pathToFileURL(resolve(folder, `${name}.ts`)).href)
