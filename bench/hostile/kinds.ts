/** Clients that behave as badly as they can. Each goes on until it is told to stop, and opens anew what is closed to it. */
import * as grpc from "@grpc/grpc-js"
import { Effect } from "effect"
import { connect, type Socket } from "node:net"
import { WebSocket } from "ws"
import * as GrpcIngress from "../../src/programs/GrpcIngress.ts"

export const KINDS = [
  "does-not-read",
  "reads-a-byte-a-second",
  "never-identifies",
  "pipelines",
  "floods",
  "guesses",
  "half-open",
  "huge",
  "many",
  "grpc-streams",
  "grpc-floods"
] as const
export type Kind = (typeof KINDS)[number]

export interface Target {
  readonly host: string
  readonly port: number
  readonly grpcPort: number
  readonly guild: string
  readonly channel: string
  /** Of members who have no special rights. */
  readonly tokens: ReadonlyArray<string>
}

interface Attack {
  readonly target: Target
  readonly signal: AbortSignal
  readonly token: (nth: number) => string
  /** Called for each connection that was opened, and each request that was answered. */
  readonly did: () => void
}

/** Another address of this machine than that of the honest. */
const FROM = "127.0.0.2"

const sleep = (millis: number, signal: AbortSignal) =>
  new Promise<void>((done) => {
    const timer = setTimeout(done, millis)
    signal.addEventListener("abort", () => (clearTimeout(timer), done()), { once: true })
  })

/** Does something again and again, so many at a time. */
const again = async (
  { signal }: Attack,
  atATime: number,
  pause: number,
  act: (nth: number) => Promise<unknown>
): Promise<void> => {
  const one = async (nth: number) => {
    while (!signal.aborted) {
      await act(nth).catch(() => {})
      await sleep(pause, signal)
    }
  }
  await Promise.all(Array.from({ length: atATime }, (_, nth) => one(nth)))
}

/** A connection, until it is closed. */
const raw = ({ did, signal, target }: Attack, use: (socket: Socket) => void): Promise<void> =>
  new Promise((done) => {
    const socket = connect({ port: target.port, host: target.host, localAddress: FROM }, () => {
      did()
      use(socket)
    })
    const end = () => socket.destroy()
    socket.on("error", () => {})
    socket.once("close", () => {
      signal.removeEventListener("abort", end)
      done()
    })
    signal.addEventListener("abort", end)
  })

const webSocket = ({ did, signal, target }: Attack, use: (socket: WebSocket) => void): Promise<void> =>
  new Promise((done) => {
    const socket = new WebSocket(`ws://${target.host}:${target.port}/gateway`, {
      perMessageDeflate: false,
      localAddress: FROM
    })
    const end = () => socket.terminate()
    socket.on("error", () => {})
    socket.once("open", () => {
      did()
      use(socket)
    })
    socket.once("close", () => {
      signal.removeEventListener("abort", end)
      done()
    })
    signal.addEventListener("abort", end)
  })

const identify = (socket: WebSocket, token: string): void =>
  socket.send(JSON.stringify({ op: 2, d: { token, intents: (1 << 0) | (1 << 9) | (1 << 15), properties: {} } }))

const post = ({ did, signal, target }: Attack, token: string, body: string, headers: Record<string, string> = {}) =>
  fetch(`http://${target.host}:${target.port}/api/v10/channels/${target.channel}/messages`, {
    method: "POST",
    signal,
    headers: { authorization: `Bot ${token}`, "content-type": "application/json", ...headers },
    body
  })
    .then((answer) => answer.arrayBuffer())
    .then(did)

const request = (path: string, token: string): string =>
  `GET ${path} HTTP/1.1\r\nhost: test\r\nauthorization: Bot ${token}\r\n\r\n`

const rpc = Effect.runSync(GrpcIngress.definition)

const calls = async (
  attack: Attack,
  use: (client: grpc.Client, metadata: (nth: number) => grpc.Metadata) => Promise<void>
): Promise<void> => {
  const { signal, target, token } = attack
  const client = new grpc.Client(`${target.host}:${target.grpcPort}`, grpc.credentials.createInsecure())
  signal.addEventListener("abort", () => client.close())
  await use(client, (nth) => {
    const metadata = new grpc.Metadata()
    metadata.set("authorization", `Bot ${token(nth)}`)
    return metadata
  })
}

export const ATTACKS: Readonly<Record<Kind, (attack: Attack) => Promise<void>>> = {
  // Says who it is, reads nothing more, and has much written to it.
  "does-not-read": async (attack) => {
    const silent = again(attack, 20, 500, (nth) =>
      webSocket(attack, (socket) => {
        identify(socket, attack.token(nth))
        for (let query = 0; query < 20; query++) {
          socket.send(JSON.stringify({ op: 8, d: { guild_id: attack.target.guild, query: "", limit: 0 } }))
        }
        socket.pause()
      })
    )
    const writing = again(attack, 4, 50, (nth) =>
      post(attack, attack.token(nth), JSON.stringify({ content: "ж".repeat(2_000) }))
    )
    await Promise.all([silent, writing])
  },
  "reads-a-byte-a-second": (attack) =>
    again(attack, 20, 200, (nth) =>
      raw(attack, (socket) => {
        socket.on("readable", () => {})
        socket.write(request(`/api/v10/guilds/${attack.target.guild}/channels`, attack.token(nth)).repeat(30))
        const timer = setInterval(() => socket.read(1), 1_000)
        socket.once("close", () => clearInterval(timer))
      })
    ),
  "never-identifies": (attack) => again(attack, 300, 200, () => webSocket(attack, () => {})),
  pipelines: (attack) =>
    again(attack, 20, 20, () =>
      raw(attack, (socket) => {
        socket.on("data", () => {})
        socket.write(request("/healthz", "").repeat(3_000))
      })
    ),
  // As much as it can, of all that others hear of or that costs something.
  floods: (attack) =>
    again(attack, 10, 50, (nth) =>
      webSocket(attack, (socket) => {
        identify(socket, attack.token(nth))
        const { guild: guild_id } = attack.target
        const voice = { op: 4, d: { guild_id, channel_id: null, self_mute: true, self_deaf: false } }
        const presence = { op: 3, d: { since: null, activities: [], status: "idle", afk: false } }
        const members = { op: 8, d: { guild_id, query: "member", limit: 100 } }
        const timer = setInterval(() => {
          for (const frame of [voice, presence, members]) socket.send(JSON.stringify(frame))
        }, 5)
        socket.once("close", () => clearInterval(timer))
      })
    ),
  guesses: (attack) => again(attack, 20, 0, (nth) => post(attack, `guess-${nth}-${Math.random()}`, "{}")),
  "half-open": (attack) =>
    again(attack, 300, 200, () =>
      raw(attack, (socket) => socket.write("POST /api/v10/channels/1/messages HTTP/1.1\r\nho"))
    ),
  huge: async (attack) => {
    const announced = again(attack, 5, 20, (nth) =>
      raw(attack, (socket) => {
        const head = `POST /api/v10/channels/${attack.target.channel}/messages HTTP/1.1\r\nhost: test\r\nauthorization: Bot ${attack.token(nth)}\r\n`
        socket.on("data", () => {})
        socket.write(`${head}content-type: application/json\r\ncontent-length: 1000000000\r\n\r\n`)
        const more = () => {
          while (!socket.destroyed && socket.write(Buffer.alloc(65_536, 32)));
          socket.once("drain", more)
        }
        more()
      })
    )
    const items = again(attack, 2, 50, (nth) =>
      post(attack, attack.token(nth), `{"content":"a","embeds":[${"{},".repeat(60_000)}{}]}`)
    )
    const keys = `{${Array.from({ length: 20_000 }, (_, key) => `"k${key}":1`).join(",")}}`
    const objects = again(attack, 2, 50, (nth) => post(attack, attack.token(nth), keys))
    const frames = again(attack, 5, 50, () => webSocket(attack, (socket) => socket.send("x".repeat(60_000))))
    await Promise.all([announced, items, objects, frames])
  },
  many: (attack) =>
    again(attack, 300, 500, (nth) => webSocket(attack, (socket) => identify(socket, attack.token(nth % 2)))),
  "grpc-streams": (attack) =>
    calls(attack, (client, metadata) =>
      again(
        attack,
        200,
        200,
        (nth) =>
          new Promise<void>((done) => {
            const method = rpc.Subscribe
            if (method === undefined) return done()
            const stream = client.makeServerStreamRequest(
              method.path,
              method.requestSerialize,
              method.responseDeserialize,
              { intents: 0, guildId: "" },
              metadata(nth)
            )
            stream.pause()
            stream.on("error", () => done())
            stream.on("end", () => done())
            attack.signal.addEventListener("abort", () => (stream.cancel(), done()))
          })
      )
    ),
  "grpc-floods": (attack) =>
    calls(attack, (client, metadata) =>
      again(
        attack,
        20,
        0,
        (nth) =>
          new Promise<void>((done) => {
            const method = rpc.SendMessage
            if (method === undefined) return done()
            const message = { channelId: attack.target.channel, content: "a".repeat(2_000), nonce: "", replyTo: "" }
            client.makeUnaryRequest(
              method.path,
              method.requestSerialize,
              method.responseDeserialize,
              message,
              metadata(nth),
              () => done()
            )
            attack.signal.addEventListener("abort", () => done())
          })
      )
    )
}
