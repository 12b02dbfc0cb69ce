/**
 * What two peers have in common, whatever they write on the wire: lines of JSON over TCP, `{"ack": id}` for each message
 * that was heard, and what was not acknowledged sent again on the next connection.
 *
 * `NAME` says who this is; `PORT` is where it listens, or with `CONNECT=1` connects to. On standard input it is told
 * `pause` (say nothing new), `stop`, or what its program knows. It answers in lines of JSON: now and then how much it has
 * heard, whether anything is still unacknowledged once it is paused, and in the end all that it said and heard.
 */
import { createConnection, createServer, type Socket } from "node:net"
import { createInterface } from "node:readline"

export interface Message {
  readonly id: string
  readonly text: string
}

export interface Program {
  /** Gives the wire form of a message to `write`. */
  readonly say: (message: Message, write: (wire: unknown) => void) => void
  /** Gives the message in a wire form to `heard`, or nothing when it cannot be read. */
  readonly hear: (wire: unknown, heard: (message: unknown) => void) => void
  readonly command?: (line: string) => void
  /** What else there is to report. */
  readonly report?: () => Readonly<Record<string, unknown>>
}

const { CONNECT, NAME = "", PORT } = process.env
const EVERY_MILLIS = 2

const isMessage = (input: unknown): input is Message =>
  typeof input === "object" &&
  input !== null &&
  "id" in input &&
  "text" in input &&
  Object.keys(input).length === 2 &&
  input.text === `message ${String(input.id)}`

const ackOf = (wire: unknown): unknown =>
  typeof wire === "object" && wire !== null && "ack" in wire ? wire.ack : undefined

export const run = (program: Program): void => {
  const unacknowledged = new Map<unknown, Message>()
  const said: Array<string> = []
  const heard: Array<string> = []
  let misread = 0
  let paused = false
  let socket: Socket | undefined

  const print = (value: unknown) => console.log(JSON.stringify(value))
  const write = (wire: unknown) => void socket?.write(`${JSON.stringify(wire)}\n`)

  const receive = (line: string) => {
    const wire: unknown = JSON.parse(line)
    const ack = ackOf(wire)
    if (ack !== undefined) {
      unacknowledged.delete(ack)
      if (paused && unacknowledged.size === 0) print({ drained: true })
      return
    }
    program.hear(wire, (message) => {
      if (!isMessage(message)) return void misread++
      heard.push(message.id)
      write({ ack: message.id })
      if (heard.length % 20 === 0) print({ heard: heard.length, misread, ...program.report?.() })
    })
  }

  const use = (connection: Socket) => {
    socket = connection
    // A reader passes its connection's errors on, and would end the process with one that nobody hears.
    createInterface({ input: connection })
      .on("line", receive)
      .on("error", () => {})
    for (const message of unacknowledged.values()) program.say(message, write)
  }

  const connect = () => {
    const connection = createConnection({ port: Number(PORT), host: "127.0.0.1" })
    connection.once("connect", () => use(connection))
    connection.on("error", () => {})
    connection.on("close", () => void setTimeout(connect, 10))
  }
  const listen = () => {
    const server = createServer((connection) => {
      connection.on("error", () => {})
      use(connection)
    })
    server.listen(Number(PORT), "127.0.0.1", () => print({ listening: true }))
  }
  if (CONNECT === "1") connect()
  else listen()

  let count = 0
  setInterval(() => {
    // What nobody acknowledges is not to grow without end.
    if (paused || unacknowledged.size > 1000) return
    const id = `${NAME}.${process.pid}.${count++}`
    const message = { id, text: `message ${id}` }
    said.push(id)
    unacknowledged.set(id, message)
    program.say(message, write)
  }, EVERY_MILLIS)

  createInterface({ input: process.stdin }).on("line", (line) => {
    switch (line) {
      case "pause":
        paused = true
        if (unacknowledged.size === 0) print({ drained: true })
        break
      case "stop":
        print({ said, heard, misread, ...program.report?.() })
        process.exit(0)
        break
      default:
        program.command?.(line)
    }
  })
}
