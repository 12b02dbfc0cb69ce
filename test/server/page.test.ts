/** The page as a newcomer meets it: open, type, see one's own message and its trace. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { existsSync } from "node:fs"
import { connect, createServer, type Server } from "node:net"
import { type Browser, chromium, type Page } from "playwright-core"
import * as processes from "../support/process.ts"

const executablePath = [
  process.env.CHROMIUM_PATH ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome"
].find((path) => existsSync(path))

const browser = Effect.acquireRelease(
  Effect.promise(() =>
    chromium.launch({
      ...(executablePath === undefined ? undefined : { executablePath }),
      // The first is for those who test as root; the others keep the browser from calling its makers.
      args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
    })
  ),
  (browser) => Effect.promise(() => browser.close())
)

/** What went wrong in the page, in its own words. */
const complaints = (page: Page): ReadonlyArray<string> => {
  const said: Array<string> = []
  page.on("pageerror", (error) => said.push(error.message))
  page.on("console", (message) => {
    if (message.type() === "error") said.push(message.text())
  })
  return said
}

const ready = (page: Page) => page.locator('#status[data-state="ready"]').waitFor()
/** The page, when it is ready to be written in. */
const opened = async (chrome: Browser, url: string) => {
  const page = await chrome.newPage()
  const said = complaints(page)
  await page.goto(url)
  await ready(page)
  return { page, said }
}
const messages = (page: Page) => page.locator("#log .message .message-content").allTextContents()
const see = (page: Page, text: string) => page.locator("#log .message-content", { hasText: text }).waitFor()

const write = async (page: Page, text: string) => {
  await page.locator("#message").fill(text)
  await page.locator("#message").press("Enter")
}

/** Writes, and waits until it is on the screen with its trace. */
const writeAndSee = async (page: Page, text: string) => {
  await write(page, text)
  await see(page, text)
  await page.locator('#trace [data-span="session.deliver"]').first().waitFor()
}

/** A proxy that takes a path off, and has nothing elsewhere. */
const behind = (url: string, path: string) =>
  Effect.acquireRelease(
    Effect.callback<Server>((resume) => {
      const { hostname, port } = new URL(url)
      const proxy = createServer((client) => {
        const server = connect(Number(port), hostname)
        const within = (_: string, method: string, asked: string) =>
          `${method} ${asked.startsWith(path) ? asked.slice(path.length) : "/outside"} HTTP/1.1`
        client.on("data", (data: Buffer) =>
          server.write(data.toString("latin1").replaceAll(/^([A-Z]+) (\S+) HTTP\/1\.1/gm, within), "latin1")
        )
        server.pipe(client)
        for (const [one, other] of [
          [client, server],
          [server, client]
        ] as const)
          one.on("error", () => {}).on("close", () => other.destroy())
      })
      proxy.listen(0, hostname, () => resume(Effect.succeed(proxy)))
    }),
    (proxy) => Effect.sync(() => proxy.close())
  ).pipe(
    Effect.map((proxy) => {
      const address = proxy.address()
      return `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}${path}/`
    })
  )

const skipped =
  executablePath === undefined ? " (skipped: needs Chromium; apt-get install chromium, or CHROMIUM_PATH)" : ""

describe(`the page${skipped}`, () => {
  it.live.skipIf(executablePath === undefined)("works behind a proxy that has put a path before it", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server()
      const proxied = yield* behind(url, "/chat")
      const chrome = yield* browser
      yield* Effect.promise(async () => {
        const { page, said } = await opened(chrome, proxied)
        await writeAndSee(page, "hello, proxy")
        assert.deepStrictEqual(said, [])
      })
    }).pipe(Effect.scoped)
  )

  it.live.skipIf(executablePath === undefined)("one's own message and its trace are on the screen", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server()
      const chrome = yield* browser
      yield* Effect.promise(async () => {
        const { page, said } = await opened(chrome, url)
        await writeAndSee(page, "hello, page")
        const rows = page.locator("#trace [data-span]")
        const spans = await rows.evaluateAll((all) =>
          all.map((row) => [row.getAttribute("data-span"), row.hasAttribute("data-wait")])
        )
        assert.deepStrictEqual(spans, [
          ["ingress.http", false],
          ["guild.SendMessage", true],
          ["relay.fanout", true],
          ["session.deliver", true]
        ])
        assert.deepStrictEqual(said, [])
      })
    }).pipe(Effect.scoped)
  )

  it.live.skipIf(executablePath === undefined)(
    "two people chat; markup is text; who may not see a channel does not",
    () =>
      Effect.gen(function* () {
        const { url } = yield* processes.server()
        const chrome = yield* browser
        yield* Effect.promise(async () => {
          const [one, other] = [await chrome.newPage(), await chrome.newPage()]
          await Promise.all([one.goto(url), other.goto(url)])
          await Promise.all([ready(one), ready(other)])
          await other.locator("#identity").selectOption({ label: "demo-3" })
          await other.locator('[data-channel="staff"]').waitFor({ state: "detached" })
          await ready(other)
          assert.strictEqual(await one.locator('[data-channel="staff"]').count(), 1)
          await write(one, "<b>bold?</b>")
          await see(other, "<b>bold?</b>")
          assert.deepStrictEqual(await messages(other), ["<b>bold?</b>"])
          await write(other, "plain")
          await see(one, "plain")
        })
      }).pipe(Effect.scoped)
  )

  it.live.skipIf(executablePath === undefined)(
    "a crowd: how many look at the guild, how many elsewhere, and relays",
    () =>
      Effect.gen(function* () {
        const { url } = yield* processes.server(["--simulate", "2000"])
        const chrome = yield* browser
        yield* Effect.promise(async () => {
          const { page, said } = await opened(chrome, url)
          const figure = async (id: string) => Number((await page.locator(id).textContent())?.replaceAll(",", ""))
          while ((await figure("#active")) + (await figure("#passive")) < 2001) await page.waitForTimeout(100)
          assert.isAbove(await figure("#passive"), 1500)
          assert.isAbove(await figure("#active"), 100)
          assert.strictEqual(await figure("#relays"), 1)
          await write(page, "hello, crowd")
          await see(page, "hello, crowd")
          assert.deepStrictEqual(said, [])
        })
      }).pipe(Effect.scoped)
  )

  it.live.skipIf(executablePath === undefined)(
    "a channel that changes stays unread, and whoever reads in it reads on where they were",
    () =>
      Effect.gen(function* () {
        const { url } = yield* processes.server()
        const chrome = yield* browser
        yield* Effect.promise(async () => {
          const { page, said } = await opened(chrome, url)
          const [general, announcements] = ["1200000000000000010", "1200000000000000011"]
          const call = (method: string, path: string, body: unknown) =>
            fetch(`${url}/api/v10/channels/${path}`, {
              method,
              headers: { authorization: "Bot demo-1", "content-type": "application/json" },
              body: JSON.stringify(body)
            })
          await call("POST", `${announcements}/messages`, { content: "news" })
          await page.locator('[data-channel="announcements"].unread').waitFor()
          await call("PATCH", announcements, { name: "news" })
          await page.locator('[data-channel="news"].unread', { hasText: "news" }).waitFor()

          await call("POST", `${general}/messages`, { content: "line\n".repeat(100) })
          await see(page, "line")
          const scrolled = () => page.locator("#log").evaluate((log) => log.scrollTop)
          assert.isAbove(await scrolled(), 0)
          await page.locator("#log").evaluate((log) => (log.scrollTop = 0))
          await call("PATCH", general, { topic: "Read on." })
          await page.locator("#topic", { hasText: "Read on." }).waitFor()
          assert.strictEqual(await scrolled(), 0)
          await page.locator('[data-channel="news"]').click()
          assert.deepStrictEqual(await messages(page), ["news"])
          assert.deepStrictEqual(said, [])
        })
      }).pipe(Effect.scoped)
  )

  it.live.skipIf(executablePath === undefined)("with tokens of one's own the page asks for one", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server([], { FANFARE_TOKENS: "s3cret" })
      const chrome = yield* browser
      yield* Effect.promise(async () => {
        const page = await chrome.newPage()
        await page.goto(url)
        await page.locator('input[type="password"]').fill("s3cret")
        await page.locator('input[type="password"]').press("Enter")
        await ready(page)
        await write(page, "let in")
        await see(page, "let in")
      })
    }).pipe(Effect.scoped)
  )
})
