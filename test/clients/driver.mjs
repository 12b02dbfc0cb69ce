/**
 * What the clients' programs have in common: each says in lines of JSON what it hears, and does what it is told in lines of
 * words. A program is told where the server is (`URL`), its token, and whether to ask for compression.
 */
import { registerHooks } from "node:module"
import { createInterface } from "node:readline"

export const url = process.env["URL"] ?? ""
export const api = `${url}/api/v10`
export const token = process.env["TOKEN"] ?? ""
/** "zlib-stream", "zstd-stream", or nothing. */
export const compression = process.env["COMPRESS"] ?? ""

// Some ask for compression as soon as they find a library for it.
if (compression === "") {
  registerHooks({
    resolve: (name, context, next) => {
      if (name === "zlib-sync" || name === "pako")
        throw Object.assign(new Error(`no ${name}`), { code: "MODULE_NOT_FOUND" })
      return next(name, context)
    }
  })
}

export const said = (event, data = {}) => console.log(JSON.stringify({ event, ...data }))

/** `channels` are a collection of whatever kind the library has. */
export const ready = (user, guild, members, channels) =>
  said("ready", { user: user.username, guild: guild?.name, members, channels: channels?.map(({ name }) => name) })

/** `commands` are functions by the first word of a line; what they throw is said. */
export const listen = (commands) => {
  const lines = createInterface({ input: process.stdin })
  lines.on("line", async (line) => {
    const [name, ...words] = line.split(" ")
    try {
      await commands[name](...words)
    } catch (error) {
      said("failed", { command: line, reason: String(error) })
    }
  })
  lines.on("close", () => process.exit(0))
}
