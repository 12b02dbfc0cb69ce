// @ts-check
/**
 * The page: a chat box in the first guild that the gateway tells of, and beside it the trace of what is sent from here.
 */
import { connect } from "./gateway.js"
import { duration, element, grouped, layout, render } from "./waterfall.js"

// All addresses are relative: a proxy may have put a path before them.
const GATEWAY = new URL("gateway?v=10&encoding=json", location.href).href.replace(/^http/, "ws")
const TOKEN_KEY = "fanfare.token"
const MAX_LENGTH = 2000
/** Among the types of channels. */
const TEXT = 0
const CROWD_EVERY = 2_000
/** With so few characters left, it is worth saying. */
const FEW_LEFT = 200
/** Lines of each channel that stay in the page: the server keeps none to look up again. */
const MAX_LINES = 200
const GROUPED_WITHIN = 5 * 60_000
const ANSWER_WITHIN = 10_000
/** Spans may end after the answer: the trace is read until nothing is added to it, for some 3 s in all. */
const DELAYS = [40, 60, 100, 160, 250, 400, 650, 1_100]

/**
 * @typedef {{ id: string, username: string }} User
 * @typedef {{ id: string, name: string, topic: string | null, position: number }} Channel
 * @typedef {{ author: User, channel_id: string, content: string, timestamp: string, nonce?: string }} Message
 *
 * @typedef {{ channel: Channel, button: HTMLButtonElement, lines: readonly HTMLElement[], last?: Message }} Room
 *
 * @typedef {object} Client Who the page is at the moment. Nothing that one user heard stays for the next.
 * @property {string} token
 * @property {() => void} disconnect
 * @property {import("./gateway.js").State} state
 * @property {ReadonlyMap<string, Room>} rooms by channel id
 * @property {Room} [open]
 * @property {string} [guild]
 * @property {User} [me]
 */

/** Every element that has an id. @type {Record<string, any>} */
const ui = Object.fromEntries(Array.from(document.querySelectorAll("[id]"), (found) => [found.id, found]))

/** @type {{ tokens: string[], traces: boolean }} */
let settings
/** @type {Client} */
let client = { token: "", disconnect: () => {}, state: "connecting", rooms: new Map() }
let isSending = false
let refusal = ""
let shownTrace = ""
/** The traces of what was sent from here, by nonce. @type {Map<string, string>} */
const traces = new Map()

/** Leaves a live region alone that says so already: it would be read out again. */
const say = (region, text) => {
  if (region.textContent !== text) region.textContent = text
}

const noteOn = (isOpen, left) => {
  if (!isOpen) return ["Nothing can be sent until you are connected.", "quiet"]
  if (refusal !== "") return [refusal, "error"]
  if (left < 0) return [`Characters too many: ${-left}`, "error"]
  if (left <= FEW_LEFT) return [`Characters left: ${left}`, "warning"]
  return ["Enter sends, Shift+Enter begins a new line.", "quiet"]
}

const refreshComposer = () => {
  const { open, state } = client
  const isOpen = state === "ready" && open !== undefined
  // In code points, as the server counts.
  const left = MAX_LENGTH - [...ui.message.value].length
  const [note, tone] = noteOn(isOpen, left)
  ui.message.disabled = !isOpen
  ui.message.readOnly = isSending
  ui.message.placeholder = open === undefined ? "" : `Message #${open.channel.name}`
  ui.send.disabled = !isOpen || isSending || left < 0 || ui.message.value.trim() === ""
  ui.note.dataset.tone = tone
  say(ui.note, note)
}

const randomHex = (bytes) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The first thing that is wrong with a field, wherever it is among the errors. */
const firstProblem = (errors) => {
  if (typeof errors !== "object" || errors === null) return undefined
  return errors._errors?.[0]?.message ?? Object.values(errors).map(firstProblem).find(Boolean)
}

const reasonOf = async (response) => {
  const { errors, message = response.statusText } = await response.json().catch(() => ({}))
  return [`Not sent: ${message}`, firstProblem(errors)].filter(Boolean).join(". ")
}

/** What was sent is shown when the gateway tells of it, and not before: the log is what has been said. */
const send = async () => {
  const { open, token } = client
  const [traceId, spanId] = [randomHex(16), randomHex(8)]
  traces.set(spanId, traceId)
  isSending = true
  refusal = ""
  refreshComposer()
  try {
    const response = await fetch(`api/v10/channels/${open?.channel.id}/messages`, {
      method: "POST",
      headers: {
        authorization: `Bot ${token}`,
        "content-type": "application/json",
        traceparent: `00-${traceId}-${spanId}-03`
      },
      body: JSON.stringify({ content: ui.message.value, nonce: spanId }),
      signal: AbortSignal.timeout(ANSWER_WITHIN)
    })
    if (response.ok) ui.message.value = ""
    else refusal = await reasonOf(response)
    void showTrace(traceId, token, response.ok)
  } catch {
    refusal = "Perhaps not sent: the server did not answer."
  }
  isSending = false
  refreshComposer()
  ui.message.focus()
}

const traceButton = (traceId) => {
  const button = element("button", { className: "quiet", type: "button" }, "Trace")
  button.addEventListener("click", () => showTrace(traceId, client.token, true))
  return button
}

const messageLine = ({ author, content, nonce = "", timestamp }, isContinued) => {
  const isOwn = author.id === client.me?.id
  const traceId = traces.get(nonce)
  const time = new Date(timestamp)
  const head = element(
    "header",
    {},
    element("b", {}, author.username),
    isOwn ? element("span", {}, "you") : "",
    element("time", { dateTime: timestamp }, time.toLocaleTimeString([], { timeStyle: "short" }))
  )
  const text = element("p", { className: "message-content" }, content || "(An embed, which this page does not draw.)")
  const line = element("article", { className: "message" }, head, text, traceId ? traceButton(traceId) : "")
  line.classList.toggle("own", isOwn)
  line.classList.toggle("continued", isContinued)
  return line
}

const isContinuation = (/** @type {Message} */ message, /** @type {Message | undefined} */ last) =>
  message.author.id === last?.author.id && Date.parse(message.timestamp) - Date.parse(last.timestamp) < GROUPED_WITHIN

const hear = (/** @type {Message} */ message) => {
  const room = client.rooms.get(message.channel_id)
  if (room === undefined) return
  const line = messageLine(message, isContinuation(message, room.last))
  room.last = message
  room.lines = [...room.lines, line].slice(-MAX_LINES)
  if (room !== client.open) return void Object.assign(room.button, { className: "unread", ariaDescription: "unread" })
  const isAtEnd = ui.log.scrollHeight - ui.log.scrollTop - ui.log.clientHeight < 40
  ui.log.append(line)
  while (ui.log.childElementCount > MAX_LINES) ui.log.firstElementChild.remove()
  // Whoever reads further up is not torn away, except by what they say themselves.
  if (isAtEnd || line.classList.contains("own")) ui.log.scrollTop = ui.log.scrollHeight
}

const showTopic = () => {
  ui.topic.textContent = client.open?.channel.topic ?? ""
  refreshComposer()
}

const enterRoom = (/** @type {Room} */ room) => {
  client.open = room
  refusal = ""
  for (const { button } of client.rooms.values()) button.ariaCurrent = String(button === room.button)
  Object.assign(room.button, { className: "", ariaDescription: null })
  ui.log.replaceChildren(...room.lines)
  ui.log.scrollTop = ui.log.scrollHeight
  showTopic()
}

const describe = (/** @type {Room} */ room, /** @type {Channel} */ channel) => {
  room.channel = channel
  room.button.textContent = channel.name
  room.button.dataset.channel = channel.name
}

/** @returns {Room} */
const roomOf = (/** @type {Channel} */ channel, lines = []) => {
  const room = { channel, button: element("button", { type: "button" }), lines }
  describe(room, channel)
  room.button.addEventListener("click", () => enterRoom(room))
  return room
}

const showRooms = (/** @type {readonly Room[]} */ rooms) => {
  const inOrder = rooms.toSorted((a, b) => a.channel.position - b.channel.position)
  const open = inOrder.find(({ channel }) => channel.id === client.open?.channel.id) ?? inOrder[0]
  client.rooms = new Map(inOrder.map((room) => [room.channel.id, room]))
  ui.channels.replaceChildren(...inOrder.map(({ button }) => button))
  if (open !== undefined && open !== client.open) return enterRoom(open)
  if (open === undefined) ui.log.replaceChildren()
  client.open = open
  showTopic()
}

const gap = () => element("p", { className: "gap" }, "Reconnected. What was said meanwhile is not shown.")

const enterGuild = ({ channels, id, name }) => {
  // It comes again after every reconnection, and other guilds may come too.
  if (client.guild !== undefined && client.guild !== id) return
  client.guild = id
  ui.guild.textContent = name
  const linesOf = (channel) => client.rooms.get(channel.id)?.lines
  const text = channels.filter(({ type }) => type === TEXT)
  showRooms(text.map((channel) => roomOf(channel, linesOf(channel) === undefined ? [] : [...linesOf(channel), gap()])))
}

/** A channel is seen, seen otherwise, or not seen any more. */
const changeRoom = (/** @type {Channel & { guild_id: string, type: number }} */ channel, isSeen) => {
  if (channel.guild_id !== client.guild || channel.type !== TEXT) return
  const known = client.rooms.get(channel.id)
  const others = [...client.rooms.values()].filter((room) => room !== known)
  if (!isSeen) return showRooms(others)
  // What is unread in it stays so, and whoever reads in it reads on where they were.
  const room = known ?? roomOf(channel)
  describe(room, channel)
  showRooms([...others, room])
}

const leaveGuild = ({ id }) => {
  if (id === client.guild) showRooms([])
}

const onState = (state, detail) => {
  client.state = state
  ui.status.dataset.state = state
  say(ui.status, detail)
  refreshComposer()
  if (state !== "closed" || settings.tokens.length > 0) return
  sessionStorage.removeItem(TOKEN_KEY)
  ui.login.hidden = false
  ui.token.focus()
}

const onDispatch = (name, data) => {
  if (name === "READY") client.me = data.user
  if (name === "GUILD_CREATE") enterGuild(data)
  if (name === "GUILD_DELETE") leaveGuild(data)
  if (name === "CHANNEL_CREATE" || name === "CHANNEL_UPDATE") changeRoom(data, true)
  if (name === "CHANNEL_DELETE") changeRoom(data, false)
  if (name === "MESSAGE_CREATE") hear(data)
}

const become = (token) => {
  client.disconnect()
  client = { token, disconnect: () => {}, state: "connecting", rooms: new Map() }
  for (const region of [ui.channels, ui.log, ui.topic]) region.replaceChildren()
  client.disconnect = connect({ url: GATEWAY, token, onState, onDispatch })
}

/** @returns {Promise<import("./waterfall.js").Span[]>} */
const spansOf = async (traceId, token) => {
  const answer = await fetch(`traces/${traceId}`, { headers: { authorization: `Bot ${token}` } })
    .then((response) => (response.ok ? response.json() : undefined))
    .catch(() => undefined)
  return answer?.spans ?? []
}

/** What was refused is not delivered, and of what was sent perhaps no recipient kept the trace. */
const isWhole = (spans, wasSent) =>
  !wasSent || spans.some(({ name }) => name === "session.deliver") || layout(spans).fanOut?.kept === 0

/** Ends early when another trace is to be shown. */
const collect = async (traceId, token, wasSent) => {
  let spans = await spansOf(traceId, token)
  for (const delay of DELAYS) {
    await new Promise((resolve) => setTimeout(resolve, delay))
    const more = await spansOf(traceId, token)
    const isStable = more.length > 0 && more.length === spans.length
    spans = more
    if (traceId !== shownTrace || (isStable && isWhole(spans, wasSent))) return { spans, isComplete: true }
  }
  return { spans, isComplete: false }
}

const showHead = (traceId, figures) => {
  ui["trace-head"].hidden = false
  ui["trace-id"].textContent = traceId
  ui.figures.replaceChildren(
    ...figures.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, value)))
  )
}

const showText = (traceId, text) => {
  showHead(traceId, [])
  ui.trace.replaceChildren(element("p", { className: "aside" }, text))
}

const showTrace = async (traceId, token, wasSent) => {
  shownTrace = traceId
  if (!settings.traces) return showText(traceId, "This server exports its traces by OTLP: look for this one there.")
  ui.trace.ariaBusy = "true"
  say(ui["trace-note"], "Collecting spans")
  const { isComplete, spans } = await collect(traceId, token, wasSent)
  if (traceId !== shownTrace) return
  ui.trace.ariaBusy = "false"
  say(ui["trace-note"], isComplete ? "Complete" : "Not complete after 3 s")
  if (spans.length === 0) return showText(traceId, "The server has no such trace. It keeps the latest ones only.")
  const waterfall = layout(spans)
  const { count, fanOut, total } = waterfall
  const kept = fanOut && ["sessions traced", `${grouped(fanOut.kept)} of ${grouped(fanOut.recipients)}`]
  if (fanOut?.kept === 0 && fanOut.recipients > 0) {
    const odds = fanOut.odds.toLocaleString("en", { style: "percent" })
    say(ui["trace-note"], `Each of ${grouped(fanOut.recipients)} sessions is traced with ${odds}: none was, this time`)
  }
  showHead(traceId, [["end to end", duration(total)], ["spans", grouped(count)], kept].filter(Boolean))
  render(ui.trace, waterfall)
}

/** How many sessions look at the guild, how many look elsewhere, and how many relays serve them. */
const showCrowd = async () => {
  const answer = await fetch("healthz")
    .then((response) => response.json())
    .catch(() => undefined)
  const found = answer?.guilds?.find(({ id }) => id === client.guild)
  if (found === undefined) return
  const { active, relays, sessions } = found
  ui.active.textContent = grouped(active)
  ui.passive.textContent = grouped(sessions - active)
  ui.relays.textContent = grouped(relays)
  ui.crowd.hidden = false
}

const onSubmit = (form, act) =>
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    act()
  })

onSubmit(ui.composer, () => ui.send.disabled || send())
onSubmit(ui.login, () => {
  ui.login.hidden = true
  sessionStorage.setItem(TOKEN_KEY, ui.token.value)
  become(ui.token.value)
})
ui.identity.addEventListener("change", () => become(ui.identity.value))
ui.message.addEventListener("input", () => {
  refusal = ""
  refreshComposer()
})
ui.message.addEventListener("keydown", (event) => {
  // While an input method composes a word, Enter accepts it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
  event.preventDefault()
  ui.composer.requestSubmit()
})

// Browsers lend the clipboard to secure pages only. The id can be selected in any.
ui.copy.hidden = navigator.clipboard === undefined
ui.copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(ui["trace-id"].textContent)
  ui.copy.textContent = "Copied"
  setTimeout(() => (ui.copy.textContent = "Copy"), 1_500)
})

setInterval(() => document.hidden || void showCrowd(), CROWD_EVERY)
settings = await (await fetch("settings.json")).json()
ui.identity.append(...settings.tokens.map((token) => element("option", { value: token }, token)))
ui["identity-field"].hidden = settings.tokens.length === 0
const token = settings.tokens[0] ?? sessionStorage.getItem(TOKEN_KEY)
if (token === null) onState("closed", "A token is needed")
else become(token)
