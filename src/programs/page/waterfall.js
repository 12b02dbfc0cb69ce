// @ts-check
/**
 * A trace as a waterfall: one row per span, in tree order, on a shared time axis. What a message waited in a mailbox is
 * drawn right before the span that handled it.
 */

/**
 * @typedef {object} Span A finished span, as `GET /traces/:id` answers.
 * @property {string} traceId
 * @property {string} spanId
 * @property {string} [parentSpanId]
 * @property {string} name
 * @property {string} kind
 * @property {number} startMillis
 * @property {number} durationMillis
 * @property {"ok" | "error" | "interrupted"} status
 * @property {Record<string, string | number | boolean | null>} attributes
 *
 * @typedef {object} Row One or, where `alike` are too many to show, several spans. Times are milliseconds of the axis.
 * @property {readonly Span[]} alike
 * @property {number} depth
 * @property {number} wait
 * @property {number} from
 * @property {number} to
 *
 * @typedef {object} Waterfall
 * @property {readonly Row[]} rows
 * @property {number} total
 * @property {number} step
 * @property {number} count
 * @property {{ kept: number, recipients: number, odds: number } | undefined} fanOut
 */

/** Of siblings with the same name, so many have rows of their own: a fan-out may have a thousand. */
const SHOWN_ALIKE = 12
const MOST_STEPS = 6

const number = (/** @type {unknown} */ value) => (typeof value === "number" ? value : 0)
const waitOf = (/** @type {Span} */ span) => number(span.attributes["mailbox.wait_ms"])
const endOf = (/** @type {Span} */ span) => span.startMillis + span.durationMillis
const least = (/** @type {readonly number[]} */ values) => values.reduce((a, b) => Math.min(a, b))
const most = (/** @type {readonly number[]} */ values) => values.reduce((a, b) => Math.max(a, b))

/** The smallest of 1, 2 and 5 times a power of ten that does not divide the axis too often. */
const stepOf = (/** @type {number} */ total) => {
  const least = total / MOST_STEPS
  const power = 10 ** Math.floor(Math.log10(least))
  return power * ([1, 2, 5].find((factor) => power * factor >= least) ?? 10)
}

/** What a sampling threshold stands for: up to 14 hex digits of what was not kept. */
const probabilityOf = (/** @type {unknown} */ threshold) =>
  typeof threshold === "string" ? 1 - Number.parseInt(threshold.padEnd(14, "0"), 16) / 2 ** 56 : 0

/** Undefined where nothing was fanned out. */
const fanOutOf = (/** @type {readonly Span[]} */ spans) => {
  const fans = spans.filter(({ attributes }) => "fanout.recipients" in attributes)
  const sum = (/** @type {string} */ key) => fans.reduce((total, { attributes }) => total + number(attributes[key]), 0)
  if (fans.length === 0) return undefined
  const odds = probabilityOf(fans[0].attributes["fanout.threshold"])
  return { kept: sum("fanout.sampled"), recipients: sum("fanout.recipients"), odds }
}

/**
 * Where everything goes.
 *
 * @param {readonly Span[]} spans at least one
 * @returns {Waterfall}
 */
export const layout = (spans) => {
  const origin = least(spans.map((span) => span.startMillis - waitOf(span)))
  // Above zero, so that shares of it can be taken.
  const total = Math.max(most(spans.map(endOf)) - origin, 0.001)
  const known = new Set(spans.map(({ spanId }) => spanId))
  // The outermost span has a parent too: this page's, which is not among them.
  const parentOf = (/** @type {Span} */ { parentSpanId = "" }) => (known.has(parentSpanId) ? parentSpanId : "")
  const children = Map.groupBy(
    spans.toSorted((a, b) => a.startMillis - b.startMillis),
    parentOf
  )

  /** @returns {Row} */
  const row = (/** @type {readonly Span[]} */ alike, /** @type {number} */ depth) => ({
    alike,
    depth,
    wait: alike.length === 1 ? waitOf(alike[0]) : 0,
    from: least(alike.map(({ startMillis }) => startMillis)) - origin,
    to: most(alike.map(endOf)) - origin
  })

  /** @returns {Row[]} */
  const rowsUnder = (/** @type {string} */ parent, /** @type {number} */ depth) =>
    [...Map.groupBy(children.get(parent) ?? [], ({ name }) => name).values()].flatMap((alike) => {
      const rest = alike.slice(SHOWN_ALIKE)
      return [
        ...alike.slice(0, SHOWN_ALIKE).flatMap((span) => [row([span], depth), ...rowsUnder(span.spanId, depth + 1)]),
        ...(rest.length === 0 ? [] : [row(rest, depth)])
      ]
    })

  return { rows: rowsUnder("", 0), total, step: stepOf(total), count: spans.length, fanOut: fanOutOf(spans) }
}

export const grouped = (/** @type {number} */ count) => count.toLocaleString("en")

/** Three digits, in the unit that fits `like`: a scale's ticks all have the scale's. */
export const duration = (/** @type {number} */ millis, like = millis) => {
  const [factor, unit] = like < 1 ? [1000, "µs"] : like < 1000 ? [1, "ms"] : [0.001, "s"]
  return `${Number((millis * factor).toPrecision(3))}\u00a0${unit}`
}

/**
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Partial<HTMLElementTagNameMap[T]> | Record<string, unknown>} [properties]
 * @param {...(Node | string)} children
 */
export const element = (tag, properties, ...children) => {
  const made = Object.assign(document.createElement(tag), properties)
  made.append(...children)
  return made
}

/** What a row says of itself when it is selected. */
const factsOf = (/** @type {Row} */ { alike, from, to, wait }) => {
  const times = [
    ["began", `at ${duration(from, to)}`],
    ["took", duration(to - from)]
  ]
  if (alike.length > 1) return [["spans", grouped(alike.length)], ...times]
  const [{ attributes, kind, spanId, status }] = alike
  const rounded = (/** @type {unknown} */ value) => (typeof value === "number" ? Number(value.toFixed(3)) : value)
  return [
    ...times,
    ["status", status],
    ["kind", kind],
    ["span id", spanId],
    ...Object.entries(attributes).map(([key, value]) => [key, String(rounded(value))])
  ]
}

const titleOf = (/** @type {Row} */ { alike }) =>
  alike.length === 1 ? alike[0].name : `and ${grouped(alike.length)} more like this`

const details = (/** @type {Row} */ row) => [
  element("h3", {}, row.alike.length === 1 ? row.alike[0].name : `${grouped(row.alike.length)} × ${row.alike[0].name}`),
  element(
    "dl",
    {},
    ...factsOf(row).map(([key, value]) => element("div", {}, element("dt", {}, key), element("dd", {}, value)))
  )
]

const segment = (/** @type {string} */ className, /** @type {number} */ from, /** @type {number} */ size) => {
  const made = element("span", { className })
  // Through the CSSOM: the page's content security policy forbids style attributes.
  made.style.setProperty("--from", String(from))
  made.style.setProperty("--size", String(size))
  return made
}

const rowElement = (/** @type {Row} */ row, /** @type {number} */ total) => {
  const { alike, depth, from, to, wait } = row
  const [{ name, status }] = alike
  const share = (/** @type {number} */ millis) => (100 * millis) / total
  const took = duration(to - from)
  const lane = element("span", { className: "lane" })
  if (wait > 0) lane.append(segment("wait", share(from - wait), share(wait)))
  lane.append(segment("bar", share(from), share(to - from)))
  const said = [titleOf(row), took, wait > 0 && `after ${duration(wait)} in the mailbox`, status !== "ok" && status]
  const made = element(
    "li",
    {
      className: "row",
      role: "treeitem",
      ariaLevel: String(depth + 1),
      ariaLabel: said.filter(Boolean).join(", ")
    },
    element("span", { className: "row-name" }, titleOf(row)),
    element("span", { className: "row-took" }, took),
    lane
  )
  made.style.setProperty("--depth", String(depth))
  Object.assign(made.dataset, { hop: name.split(".")[0], status })
  if (alike.length > 1) made.dataset.more = String(alike.length)
  else Object.assign(made.dataset, { span: name }, wait > 0 && { wait: String(wait) })
  return made
}

const axis = (/** @type {Waterfall} */ { step, total }) => {
  // A label further to the right would not fit; its line is there all the same.
  const ticks = Array.from({ length: Math.floor((0.9 * total) / step) + 1 }, (_, index) => index * step)
  const labels = ticks.map((tick) => {
    const label = segment("tick", (100 * tick) / total, 0)
    label.textContent = tick === 0 ? "0" : duration(tick, total)
    return label
  })
  return element("div", { className: "axis", ariaHidden: "true" }, element("span", { className: "lane" }, ...labels))
}

/** Draws the waterfall in place of what the container holds. One row is selected, by click or with the arrow keys. */
export const render = (/** @type {HTMLElement} */ container, /** @type {Waterfall} */ waterfall) => {
  const { rows, step, total } = waterfall
  const items = rows.map((row) => rowElement(row, total))
  const panel = element("div", { className: "details" })
  const tree = element("ul", { className: "rows", role: "tree", ariaLabel: "Spans" }, ...items)

  const select = (/** @type {number} */ index) => {
    for (const [at, item] of items.entries()) {
      item.ariaSelected = String(at === index)
      item.tabIndex = at === index ? 0 : -1
    }
    panel.replaceChildren(...details(rows[index]))
  }
  const indexOf = (/** @type {Event} */ { target }) =>
    items.findIndex((item) => item.contains(/** @type {Node} */ (target)))

  tree.addEventListener("click", (event) => {
    const index = indexOf(event)
    if (index >= 0) select(index)
  })
  tree.addEventListener("keydown", (event) => {
    const at = indexOf(event)
    const last = items.length - 1
    const to = { ArrowDown: Math.min(at + 1, last), ArrowUp: Math.max(at - 1, 0), Home: 0, End: last }[event.key]
    if (to === undefined) return
    event.preventDefault()
    select(to)
    items[to].focus()
  })
  select(0)

  container.style.setProperty("--step", String((100 * step) / total))
  container.replaceChildren(element("div", { className: "waterfall" }, axis(waterfall), tree), panel)
}
