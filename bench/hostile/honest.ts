/** Honest clients: some write, one after the other, and some hear all of it. They notice what is late, and what is missing. */
import { WebSocket } from "ws"

export interface Honest {
  /** Milliseconds from the request to the last who hears it, of what was written in this time. */
  readonly during: (millis: number) => Promise<ReadonlyArray<number>>
  readonly close: () => void
  /** What was acknowledged and did not come to all within ten seconds; came twice; was refused; connections that ended. */
  readonly wrong: { lost: number; twice: number; refused: number; closed: number }
}

/** Each may write once in a second. */
const EVERY = 1_050
const LATEST = 10_000

const hear = (url: string, token: string, heard: (text: string) => void, closed: () => void) =>
  new Promise<WebSocket>((ready, failed) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/gateway`, { perMessageDeflate: false })
    const beat = setInterval(() => socket.send('{"op":1,"d":null}'), 20_000)
    socket.on("error", failed)
    socket.on("close", () => {
      clearInterval(beat)
      closed()
    })
    socket.on("message", (data) => {
      const frame: unknown = JSON.parse(String(data))
      if (typeof frame !== "object" || frame === null || !("t" in frame) || !("op" in frame) || !("d" in frame)) return
      if (frame.op === 10)
        socket.send(JSON.stringify({ op: 2, d: { token, intents: 1 | 512 | 32768, properties: {} } }))
      if (frame.t === "GUILD_CREATE") ready(socket)
      if (frame.t !== "MESSAGE_CREATE" || typeof frame.d !== "object" || frame.d === null) return
      if ("content" in frame.d && typeof frame.d.content === "string") heard(frame.d.content)
    })
  })

export const honest = async (url: string, channel: string, tokens: ReadonlyArray<string>): Promise<Honest> => {
  const wrong = { lost: 0, twice: 0, refused: 0, closed: 0 }
  const waiting = new Map<string, { left: number; readonly all: (at: number) => void }>()
  let isOver = false
  const heard = (text: string) => {
    if (!text.startsWith("honest ")) return
    const one = waiting.get(text)
    if (one === undefined) return void wrong.twice++
    if (--one.left > 0) return
    one.all(performance.now())
  }
  const closed = () => {
    if (!isOver) wrong.closed++
  }
  const sockets = await Promise.all(tokens.map((token) => hear(url, token, heard, closed)))
  let number = 0
  const write = async (token: string): Promise<number | undefined> => {
    const content = `honest ${number++}`
    const start = performance.now()
    const arrived = new Promise<number>((all) => waiting.set(content, { left: sockets.length, all }))
    const answer = await fetch(`${url}/api/v10/channels/${channel}/messages`, {
      method: "POST",
      headers: { authorization: `Bot ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ content })
    }).catch(() => undefined)
    await answer?.arrayBuffer()
    if (answer?.status !== 200) {
      wrong.refused++
      return undefined
    }
    const late = new Promise<undefined>((done) => setTimeout(done, LATEST, undefined).unref())
    const end = await Promise.race([arrived, late])
    if (end === undefined) wrong.lost++
    return end === undefined ? undefined : end - start
  }
  return {
    wrong,
    during: async (millis) => {
      const end = performance.now() + millis
      const took: Array<number> = []
      await Promise.all(
        tokens.map(async (token, nth) => {
          await new Promise((done) => setTimeout(done, (EVERY * nth) / tokens.length))
          while (performance.now() < end) {
            const begun = performance.now()
            const one = await write(token)
            if (one !== undefined) took.push(one)
            await new Promise((done) => setTimeout(done, EVERY - (performance.now() - begun)))
          }
        })
      )
      return took
    },
    close: () => {
      isOver = true
      for (const socket of sockets) socket.terminate()
    }
  }
}
