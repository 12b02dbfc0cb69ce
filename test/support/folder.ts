/** A folder that is gone with the scope. */
import { Effect } from "effect"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "fanfare-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)
