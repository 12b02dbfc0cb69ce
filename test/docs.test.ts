/** What the docs and docstrings show is what compiles: every TypeScript example, as its reader would have it. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join, resolve } from "node:path"
import * as processes from "./support/process.ts"

const ROOT = resolve(import.meta.dirname, "..")

const files = globSync(["README.md", "docs/*.md", "src/**/*.ts"], { cwd: ROOT })

const examples = files.flatMap((file) => {
  const text = readFileSync(resolve(ROOT, file), "utf8")
  const isMarkdown = file.endsWith(".md")
  const blocks = text.matchAll(isMarkdown ? /^```ts\n([\s\S]*?)^```$/gm : /^ \* ```ts\n([\s\S]*?)^ \* ```$/gm)
  return Array.from(blocks, ([, block = ""], index) => ({
    name: `${file.replaceAll(/[^a-z0-9]+/gi, "-")}-${index}.ts`,
    // A line that only shows a value is one; an example that imports nothing is still a module.
    code: `${isMarkdown ? block : block.replaceAll(/^ \*( |$)/gm, "")}\nexport {}\n`
  }))
})

it.live("every example compiles", () =>
  Effect.gen(function* () {
    assert.isAbove(examples.length, 12)
    const cache = resolve(ROOT, "node_modules/.cache")
    mkdirSync(cache, { recursive: true })
    const folder = yield* Effect.acquireRelease(
      Effect.sync(() => mkdtempSync(join(cache, "examples-"))),
      (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
    )
    for (const { code, name } of examples) writeFileSync(join(folder, name), code)
    const config = {
      extends: join(ROOT, "tsconfig.json"),
      compilerOptions: {
        noUnusedLocals: false,
        paths: { fanfare: [join(ROOT, "src/index.ts")], "fanfare/*": [join(ROOT, "src/*.ts")] }
      },
      include: ["*.ts"]
    }
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
    const { exited } = yield* processes.start("node_modules/typescript/bin/tsc", ["--noEmit", "-p", folder])
    const { code, output } = yield* exited
    assert.strictEqual(code, 0, output)
  }).pipe(Effect.scoped)
)
