// @ts-check
/**
 * The page: a chat box in the first guild that the gateway tells of, and beside it the trace of what is sent from here.
 */
import { connect } from "./gateway.js"
import { duration, element, layout, render } from "./waterfall.js"

const MAX_LENGTH = 2000
/** So many characters before the limit, it is worth mentioning. */
const NEARLY = 200
/** Messages of each channel that stay in the page: the server keeps none to look up again. */
const MAX_KEPT = 200
const GROUPED_WITHIN = 5 * 60_000
const ANSWER_WITHIN = 10_000
/** Spans end after the answer to the request: the trace is looked at until nothing is added, for some 3 s in all. */
const LOOKS = [40, 60, 100, 160, 250, 400, 650, 1_100]
const TOKEN_KEY = "fanfare.token"
const GATEWAY = `${location.origin.replace(/^http/, "ws")}/gateway?v=10&encoding=json`

/**
 * @typedef {{ id: string, name: string, topic: string | null, position: number }} Channel
 * @typedef {{ id: string, username: string }} User
 * @typedef {{ author: User, content: string, timestamp: string, nonce?: string }} Message
 * @typedef {{ notice: string }} Notice
 *
 * @typedef {object} Client Who the page is at the moment, and what it has heard as such.
 * @property {string} token
 * @property {() => void} disconnect
 * @property {import("./gateway.js").State} state
 * @property {User} [me]
 * @property {{ id: string, name: string }} [guild]
 * @property {Channel} [channel]
 * @property {Map<string, HTMLButtonElement>} buttons by channel id
 * @property {Map<string, ReadonlyArray<Message | Notice>>} heard by channel id
 */

/** Every element that has an id. @type {Record<string, any>} */
const ui = Object.fromEntries(Array.from(document.querySelectorAll("[id]"), (found) => [found.id, found]))

/** @returns {Client} */
const clientOf = (/** @type {string} */ token) => ({
  token,
  disconnect: () => {},
  state: "connecting",
  buttons: new Map(),
  heard: new Map()
})

let client = clientOf("")
let sending = false
let refusal = ""

/** The traces of what was sent from here, by nonce. @type {Map<string, string>} */
const traces = new Map()
let shownTrace = ""

/** @type {{ tokens: string[], traces: boolean }} */
let settings

/** Leaves a live region alone that says so already: it would be read out again. */
const say = (/** @type {Element} */ region, /** @type {string} */ text) => {
  if (region.textContent !== text) region.textContent = text
}

// ---------------------------------------------------------------------------------------------------- the composer

/** @returns {[text: string, tone: "quiet" | "warning" | "error"]} */
const note = (/** @type {boolean} */ open, /** @type {number} */ left) => {
  if (!open) return ["Nothing can be sent until you are connected.", "quiet"]
  if (refusal !== "") return [refusal, "error"]
  if (left < 0) return [`${-left} characters too many`, "error"]
  if (left <= NEARLY) return [`${left} characters left`, "warning"]
  return ["Enter sends, Shift+Enter begins a new line.", "quiet"]
}

const refreshComposer = () => {
  const { channel, state } = client
  const open = state === "ready" && channel !== undefined
  // In code points, as the server counts.
  const left = MAX_LENGTH - [...ui.message.value].length
  const [text, tone] = note(open, left)
  ui.message.disabled = !open
  ui.message.readOnly = sending
  ui.message.placeholder = channel === undefined ? "" : `Message #${channel.name}`
  ui.send.disabled = !open || sending || left < 0 || ui.message.value.trim() === ""
  ui.note.dataset.tone = tone
  say(ui.note, text)
}

const hex = (/** @type {number} */ bytes) =>
  Array.from(crypto.getRandomValues(new Uint8Array(bytes)), (byte) => byte.toString(16).padStart(2, "0")).join("")

/** The first thing that is wrong with a field, wherever it is in `errors`. @returns {string | undefined} */
const firstProblem = (/** @type {any} */ errors) => {
  if (typeof errors !== "object" || errors === null) return undefined
  if (Array.isArray(errors._errors)) return errors._errors[0]?.message
  return Object.values(errors).map(firstProblem).find(Boolean)
}

const reasonOf = async (/** @type {Response} */ response) => {
  const { errors, message = response.statusText } = await response.json().catch(() => ({}))
  return [`Not sent: ${message}`, firstProblem(errors)].filter(Boolean).join(". ")
}

const post = (/** @type {string} */ content, /** @type {{ traceId: string, spanId: string }} */ { spanId, traceId }) =>
  fetch(`/api/v10/channels/${client.channel?.id}/messages`, {
    method: "POST",
    headers: {
      authorization: `Bot ${client.token}`,
      "content-type": "application/json",
      traceparent: `00-${traceId}-${spanId}-03`
    },
    body: JSON.stringify({ content, nonce: spanId }),
    signal: AbortSignal.timeout(ANSWER_WITHIN)
  })

/** The message is shown when the gateway tells of it, not before: what is in the log has been said. */
const send = async () => {
  const { token } = client
  const context = { traceId: hex(16), spanId: hex(8) }
  traces.set(context.spanId, context.traceId)
  sending = true
  refusal = ""
  refreshComposer()
  try {
    const response = await post(ui.message.value, context)
    if (response.ok) ui.message.value = ""
    else refusal = await reasonOf(response)
    void showTrace(context.traceId, token, response.ok)
  } catch {
    refusal = "Not known to be sent: the server did not answer."
  }
  sending = false
  refreshComposer()
  ui.message.focus()
}

// ----------------------------------------------------------------------------------------------------- the channels

const isNotice = (/** @type {Message | Notice} */ entry) => "notice" in entry

const isContinued = (/** @type {Message} */ message, /** @type {Message | Notice | undefined} */ before) =>
  before !== undefined &&
  !isNotice(before) &&
  before.author.id === message.author.id &&
  Date.parse(message.timestamp) - Date.parse(before.timestamp) < GROUPED_WITHIN

const messageElement = (/** @type {Message} */ message, /** @type {boolean} */ continued) => {
  const { author, content, nonce = "", timestamp } = message
  const own = author.id === client.me?.id
  const sent = new Date(timestamp)
  const head = element(
    "header",
    { className: "message-head" },
    element("b", {}, author.username),
    ...(own ? [element("span", {}, "you")] : []),
    element(
      "time",
      { dateTime: timestamp, title: sent.toLocaleString() },
      sent.toLocaleTimeString([], { timeStyle: "short" })
    )
  )
  const made = element("article", { className: "message" }, head)
  made.classList.toggle("own", own)
  made.classList.toggle("continued", continued)
  made.append(element("p", { className: "message-content" }, content || "(an embed, which this page does not draw)"))
  const traceId = traces.get(nonce)
  if (traceId !== undefined) {
    const button = element("button", { className: "quiet", type: "button" }, "Trace")
    button.addEventListener("click", () => showTrace(traceId, client.token, true))
    made.append(button)
  }
  return made
}

const append = (/** @type {Message | Notice} */ entry, /** @type {Message | Notice | undefined} */ before) => {
  const { clientHeight, scrollHeight, scrollTop } = ui.log
  const atEnd = scrollHeight - scrollTop - clientHeight < 40
  const own = !isNotice(entry) && entry.author.id === client.me?.id
  ui.log.append(
    isNotice(entry)
      ? element("p", { className: "notice" }, entry.notice)
      : messageElement(entry, isContinued(entry, before))
  )
  if (ui.log.childElementCount > MAX_KEPT) ui.log.firstElementChild.remove()
  if (atEnd || own) ui.log.scrollTop = ui.log.scrollHeight
}

const hear = (/** @type {string} */ channel, /** @type {Message | Notice} */ entry) => {
  const before = client.heard.get(channel) ?? []
  client.heard.set(channel, [...before, entry].slice(-MAX_KEPT))
  if (channel === client.channel?.id) return append(entry, before.at(-1))
  const button = client.buttons.get(channel)
  if (button !== undefined) Object.assign(button, { className: "unread", ariaDescription: "unread" })
}

const openChannel = (/** @type {Channel} */ channel) => {
  client.channel = channel
  refusal = ""
  for (const [id, button] of client.buttons) button.ariaCurrent = String(id === channel.id)
  Object.assign(client.buttons.get(channel.id) ?? {}, { className: "", ariaDescription: null })
  ui.topic.textContent = channel.topic ?? ""
  ui.log.replaceChildren()
  const entries = client.heard.get(channel.id) ?? []
  for (const [index, entry] of entries.entries()) append(entry, entries[index - 1])
  ui.log.scrollTop = ui.log.scrollHeight
  refreshComposer()
}

const channelButton = (/** @type {Channel} */ channel) => {
  const button = element("button", { type: "button" }, channel.name)
  button.dataset.channel = channel.name
  button.addEventListener("click", () => openChannel(channel))
  return button
}

const enterGuild = (/** @type {{ id: string, name: string, channels: Channel[] }} */ { channels, id, name }) => {
  // The first guild is the one of this page. It comes again after every reconnection.
  if (client.guild !== undefined && client.guild.id !== id) return
  const returning = client.guild !== undefined
  client.guild = { id, name }
  ui.guild.textContent = name
  const ordered = channels.toSorted((a, b) => a.position - b.position)
  client.buttons = new Map(ordered.map((channel) => [channel.id, channelButton(channel)]))
  ui.channels.replaceChildren(...client.buttons.values())
  const open = ordered.find((channel) => channel.id === client.channel?.id) ?? ordered[0]
  if (open !== undefined) openChannel(open)
  if (returning && open !== undefined) hear(open.id, { notice: "Reconnected. What was said meanwhile is not shown." })
}

// --------------------------------------------------------------------------------------------------- the connection

const onState = (/** @type {import("./gateway.js").State} */ state, /** @type {string} */ detail) => {
  client.state = state
  ui.status.dataset.state = state
  say(ui.status, state === "closed" ? `Refused: ${detail}` : detail)
  // Of the demo's own tokens none is refused: this was one that somebody typed.
  if (state === "closed" && settings.tokens.length === 0) askForToken()
  refreshComposer()
}

const onDispatch = (/** @type {string} */ name, /** @type {any} */ data) => {
  if (name === "READY") client.me = data.user
  if (name === "GUILD_CREATE") enterGuild(data)
  if (name === "MESSAGE_CREATE") hear(data.channel_id, data)
}

/** Nothing that one user has heard stays for the next: they may not see the same channels. */
const enter = (/** @type {string} */ token) => {
  client.disconnect()
  client = clientOf(token)
  refusal = ""
  ui.channels.replaceChildren()
  ui.log.replaceChildren()
  ui.topic.textContent = ""
  client.disconnect = connect({ url: GATEWAY, token, onState, onDispatch })
}

const askForToken = () => {
  sessionStorage.removeItem(TOKEN_KEY)
  ui.login.hidden = false
  ui.token.focus()
}

// -------------------------------------------------------------------------------------------------------- the trace

const spansOf = async (/** @type {string} */ traceId, /** @type {string} */ token) => {
  const answer = await fetch(`/traces/${traceId}`, { headers: { authorization: `Bot ${token}` } })
    .then((response) => (response.ok ? response.json() : undefined))
    .catch(() => undefined)
  return /** @type {import("./waterfall.js").Span[]} */ (answer?.spans ?? [])
}

/** Nothing is delivered of a message that was refused, nor is it seen where no recipient kept the trace. */
const isWhole = (/** @type {import("./waterfall.js").Span[]} */ spans, /** @type {boolean} */ sent) =>
  spans.length > 0 &&
  (!sent || spans.some(({ name }) => name === "session.deliver") || layout(spans).fanOut?.kept === 0)

/** Undefined as soon as another trace is to be shown. */
const collect = async (/** @type {string} */ traceId, /** @type {string} */ token, /** @type {boolean} */ sent) => {
  /** @type {import("./waterfall.js").Span[]} */
  let spans = []
  for (const delay of LOOKS) {
    await new Promise((resolve) => setTimeout(resolve, delay))
    const seen = await spansOf(traceId, token)
    if (traceId !== shownTrace) return undefined
    if (seen.length === spans.length && isWhole(seen, sent)) return { spans: seen, whole: true }
    spans = seen
  }
  return { spans, whole: false }
}

const showHead = (/** @type {string} */ traceId, /** @type {ReadonlyArray<readonly [string, string]>} */ figures) => {
  ui["trace-head"].hidden = false
  ui["trace-id"].textContent = traceId
  ui.figures.replaceChildren(
    ...figures.map(([what, value]) => element("div", {}, element("dt", {}, what), element("dd", {}, value)))
  )
}

const showText = (/** @type {string} */ text) => ui.trace.replaceChildren(element("p", { className: "aside" }, text))

const showTrace = async (/** @type {string} */ traceId, /** @type {string} */ token, /** @type {boolean} */ sent) => {
  shownTrace = traceId
  if (!settings.traces) {
    showHead(traceId, [])
    return showText("This server exports its traces by OTLP: look for this one where they go.")
  }
  ui.trace.ariaBusy = "true"
  say(ui["trace-note"], "Collecting its spans")
  const collected = await collect(traceId, token, sent)
  if (collected === undefined) return
  ui.trace.ariaBusy = "false"
  const { spans, whole } = collected
  say(ui["trace-note"], whole ? "" : "Not complete after 3 s")
  if (spans.length === 0) {
    showHead(traceId, [])
    return showText("The server has no span of this trace. It keeps only the most recent ones.")
  }
  const { count, fanOut, total } = layout(spans)
  showHead(traceId, [
    ["end to end", duration(total)],
    ["spans", String(count)],
    ...(fanOut === undefined
      ? []
      : [/** @type {const} */ (["sessions kept", `${fanOut.kept} of ${fanOut.recipients}`])])
  ])
  render(ui.trace, layout(spans))
}

// ------------------------------------------------------------------------------------------------------------- events

ui.composer.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault()
  if (!ui.send.disabled) void send()
})
ui.message.addEventListener("input", () => {
  refusal = ""
  refreshComposer()
})
ui.message.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
  // While a word is being composed with an input method, Enter accepts it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
  event.preventDefault()
  ui.composer.requestSubmit()
})
ui.identity.addEventListener("change", () => enter(ui.identity.value))
ui.login.addEventListener("submit", (/** @type {SubmitEvent} */ event) => {
  event.preventDefault()
  ui.login.hidden = true
  sessionStorage.setItem(TOKEN_KEY, ui.token.value)
  enter(ui.token.value)
})

// Browsers have a clipboard only where the page came securely; the id can be selected anywhere.
ui.copy.hidden = navigator.clipboard === undefined
ui.copy.addEventListener("click", async () => {
  await navigator.clipboard.writeText(ui["trace-id"].textContent)
  ui.copy.textContent = "Copied"
  setTimeout(() => (ui.copy.textContent = "Copy"), 1_500)
})

settings = await (await fetch("/settings.json")).json()
const token = settings.tokens[0] ?? sessionStorage.getItem(TOKEN_KEY)
ui.identity.append(...settings.tokens.map((known) => element("option", { value: known }, known)))
ui["identity-field"].hidden = settings.tokens.length === 0
refreshComposer()
if (token === null) {
  onState("closed", "no token")
} else enter(token)
