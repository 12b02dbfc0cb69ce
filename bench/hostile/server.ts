/** The server, in a process of its own, that says what memory it has. */
import { fork } from "node:child_process"
import { Schema } from "effect"

const Memory = Schema.Struct({ heap: Schema.Finite, rss: Schema.Finite })
const decode = Schema.decodeUnknownSync(Memory)

export interface Server {
  readonly url: string
  readonly grpcPort: number
  readonly memory: () => Promise<typeof Memory.Type>
  readonly stop: () => Promise<void>
}

export const start = async (args: ReadonlyArray<string>, tokens: ReadonlyArray<string>): Promise<Server> => {
  const child = fork(
    new URL("../../src/programs/main.ts", import.meta.url),
    ["--port", "0", "--grpc-port", "0", ...args],
    {
      execArgv: ["--expose-gc", "--max-semi-space-size=64", "--import", new URL("./meter.mjs", import.meta.url).href],
      env: { PATH: process.env.PATH, FANFARE_TOKENS: tokens.join(",") },
      stdio: ["ignore", "pipe", "inherit", "ipc"]
    }
  )
  const exited = new Promise<void>((done) => child.once("exit", () => done()))
  let [url, grpcPort] = ["", 0]
  await new Promise<void>((ready, failed) => {
    child.once("exit", () => failed(new Error("the server has ended")))
    let text = ""
    child.stdout?.on("data", (data) => {
      text += String(data)
      grpcPort = Number(/gRPC on \S+:(\d+)/.exec(text)?.[1] ?? 0)
      url = /listening on (http:\S+)/.exec(text)?.[1] ?? ""
      if (url !== "" && grpcPort !== 0) ready()
    })
  })
  return {
    url,
    grpcPort,
    memory: () =>
      new Promise((said) => {
        child.once("message", (message) => said(decode(message)))
        child.send("weigh")
      }),
    stop: async () => {
      child.kill("SIGTERM")
      await exited
    }
  }
}
