// @ts-check
/**
 * A client of Discord's gateway, version 10, as far as a chat box needs one: it identifies, keeps its heart beating, and
 * comes back when the connection is lost. It does not resume: it identifies anew, and what was said meanwhile is missed.
 *
 * @see https://discord.com/developers/docs/events/gateway
 */

const OP = {
  DISPATCH: 0,
  HEARTBEAT: 1,
  IDENTIFY: 2,
  RECONNECT: 7,
  INVALID_SESSION: 9,
  HELLO: 10,
  HEARTBEAT_ACK: 11
}

const INTENTS = { GUILDS: 1 << 0, GUILD_MESSAGES: 1 << 9, MESSAGE_CONTENT: 1 << 15 }

/** Closes after which the same client would only be closed again, as Discord documents them. */
const FINAL = new Set([4004, 4010, 4011, 4012, 4013, 4014])

/** From the connection's start to READY: a server that accepts and then says nothing is no better than none. */
const READY_WITHIN = 15_000

const FIRST_DELAY = 2_000
const LONGEST_DELAY = 30_000

/** With jitter, so that the clients of a server that restarts do not all come back at once. */
const backoff = (/** @type {number} */ attempt) =>
  Math.min(LONGEST_DELAY, FIRST_DELAY * 2 ** attempt) * (0.5 + Math.random() / 2)

/**
 * @typedef {"connecting" | "ready" | "closed"} State
 *
 * @typedef {object} Ending How a connection ended; `code` only when the server closed it.
 * @property {string} reason
 * @property {number} [code]
 *
 * @typedef {object} Options
 * @property {string} url
 * @property {string} token
 * @property {(state: State, detail: string) => void} onState
 * @property {(name: string, data: any) => void} onDispatch
 */

/**
 * One connection, from HELLO to its end, which is reported once. The result ends it unreported.
 *
 * @param {Pick<Options, "url" | "token" | "onDispatch"> & { onEnd: (ending: Ending) => void }} options
 */
const converse = ({ onDispatch, onEnd, token, url }) => {
  const socket = new WebSocket(url)
  const listening = new AbortController()
  const deadline = setTimeout(() => end({ reason: "The server does not answer" }), READY_WITHIN)
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let heart
  /** @type {number | null} */
  let sequence = null
  let acknowledged = true

  // Closing may take as long as the network does, so nothing more is listened for.
  const hangUp = () => {
    clearTimeout(deadline)
    clearTimeout(heart)
    listening.abort()
    socket.close()
  }

  const end = (/** @type {Ending} */ ending) => {
    hangUp()
    onEnd(ending)
  }

  const send = (/** @type {number} */ op, /** @type {unknown} */ d) => socket.send(JSON.stringify({ op, d }))

  const beat = (/** @type {number} */ interval) => {
    if (!acknowledged) return end({ reason: "The server stopped answering heartbeats" })
    acknowledged = false
    send(OP.HEARTBEAT, sequence)
    heart = setTimeout(beat, interval, interval)
  }

  const identify = () =>
    send(OP.IDENTIFY, {
      token,
      intents: INTENTS.GUILDS | INTENTS.GUILD_MESSAGES | INTENTS.MESSAGE_CONTENT,
      properties: { os: "browser", browser: "fanfare", device: "fanfare" }
    })

  const receive = (/** @type {{ op: number, d: any, s: number | null, t: string | null }} */ { d, op, s, t }) => {
    switch (op) {
      case OP.HELLO:
        heart = setTimeout(beat, d.heartbeat_interval * Math.random(), d.heartbeat_interval)
        return identify()
      case OP.DISPATCH:
        sequence = s
        if (t === "READY") clearTimeout(deadline)
        return onDispatch(String(t), d)
      case OP.HEARTBEAT:
        return send(OP.HEARTBEAT, sequence)
      case OP.HEARTBEAT_ACK:
        acknowledged = true
        return
      case OP.RECONNECT:
        return end({ reason: "The server asked to reconnect" })
      case OP.INVALID_SESSION:
        return end({ reason: "The session is no longer valid" })
    }
  }

  const { signal } = listening
  socket.addEventListener("message", ({ data }) => receive(JSON.parse(data)), { signal })
  socket.addEventListener("close", ({ code, reason }) => end({ code, reason: reason || "The connection was lost" }), {
    signal
  })
  return hangUp
}

/**
 * Connects, and stays connected until the result is called or the server says that it is no use.
 *
 * @param {Options} options
 * @returns {() => void}
 */
export const connect = ({ onDispatch, onState, token, url }) => {
  let attempt = 0
  let stop = () => {}

  const dispatch = (/** @type {string} */ name, /** @type {any} */ data) => {
    if (name === "READY") {
      attempt = 0
      onState("ready", "Connected")
    }
    onDispatch(name, data)
  }

  const retry = (/** @type {Ending} */ { code, reason }) => {
    const what = reason.replace(/\.$/, "") + (code === undefined ? "" : ` (${code})`)
    if (code !== undefined && FINAL.has(code)) return onState("closed", `Refused: ${what}`)
    const delay = backoff(attempt++)
    const timer = setTimeout(open, delay)
    stop = () => clearTimeout(timer)
    onState("connecting", `${what}, trying again in ${Math.ceil(delay / 1000)} s`)
  }

  const open = () => {
    onState("connecting", "Connecting")
    stop = converse({ url, token, onDispatch: dispatch, onEnd: retry })
  }

  open()
  return () => stop()
}
