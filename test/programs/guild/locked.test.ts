/** Another process has the database of a guild's members locked. */
import { NodeHttpServer } from "@effect/platform-node"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Queue } from "effect"
import { HttpClient, HttpRouter } from "effect/http"
import { TestClock } from "effect/testing"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import * as Accounts from "../../../src/layers/Accounts.ts"
import * as MemberStore from "../../../src/layers/MemberStore.ts"
import * as Offload from "../../../src/layers/Offload.ts"
import * as Sampler from "../../../src/layers/Sampler.ts"
import * as webSocket from "../../../src/layers/SessionSocket/webSocket.ts"
import * as Sqlite from "../../../src/layers/Sqlite.ts"
import * as Guilds from "../../../src/programs/Guilds.ts"
import * as Ingress from "../../../src/programs/Ingress.ts"
import * as Session from "../../../src/programs/Session.ts"
import * as Transport from "../../../src/programs/Transport.ts"
import { community, draft, GENERAL, GUILD, member, STAFF, userId } from "../../support/community.ts"
import { temporaryFolder } from "../../support/folder.ts"
import { members } from "../../support/guilds.ts"
import * as processes from "../../support/process.ts"

const guilds = (path: string, options?: Sqlite.Options) =>
  Guilds.layer([{ community, members: members(3) }]).pipe(
    Layer.provide([
      Sampler.never,
      Offload.inline,
      MemberStore.durable({ working: MemberStore.heap }).pipe(Layer.provide(Sqlite.file(path, options)))
    ])
  )

const server = (path: string, options?: Sqlite.Options) =>
  HttpRouter.serve(Ingress.layer(webSocket.layer()), { disableLogger: true, disableListenLog: true }).pipe(
    Layer.provideMerge(NodeHttpServer.layerTest),
    Layer.provideMerge(guilds(path, options)),
    Layer.provide([Session.layer(), Accounts.fromTokens([])])
  )

const found = Effect.flatMap(Guilds.Guilds, ({ byId }) => Effect.orDie(Effect.fromOption(byId(GUILD))))

describe("a guild whose database is locked", () => {
  it.live("goes on, says that it is well, and makes the change when the lock is gone", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "members.db")
      yield* Effect.gen(function* () {
        const guild = yield* found
        const locker = yield* processes.start("test/support/durable/locker.ts", [path], {}, "pipe")
        while ((yield* Queue.take(locker.lines)) !== "locked");
        const done: Array<string> = []
        const noted = <A, E, R>(what: string, effect: Effect.Effect<A, E, R>) =>
          Effect.tap(effect, () => Effect.sync(() => done.push(what)))
        const adding = yield* Effect.forkChild(
          noted("add", Transport.call(guild, "AddMember", { member: member(9) }, { timeout: "1 minute" })),
          { startImmediately: true }
        )
        yield* Effect.sleep("10 millis")
        const say = { author: userId(1), channel: GENERAL, draft: draft("hello") }
        yield* noted("say", Transport.call(guild, "SendMessage", say))
        yield* noted("role", Transport.call(guild, "UpdateRole", { role: STAFF, patch: { name: "crew" } }))
        yield* noted("describe", Transport.call(guild, "Describe", { user: userId(2) }))
        const { status } = yield* noted("health", HttpClient.get("/healthz"))
        assert.strictEqual(status, 200)
        locker.child.stdin?.write("go on\n")
        yield* Fiber.join(adding)
        assert.deepStrictEqual(done, ["say", "role", "describe", "health", "add"])
        yield* Transport.call(guild, "SendMessage", { ...say, author: userId(9) })
      }).pipe(Effect.provide(server(path, { lockTimeout: "1 minute" })))
    }).pipe(Effect.scoped)
  )

  it.effect("a caller is told that the store did not answer, before it gives up; and may try again", () =>
    Effect.gen(function* () {
      const path = join(yield* temporaryFolder, "members.db")
      yield* Effect.gen(function* () {
        const guild = yield* found
        const other = yield* Effect.acquireRelease(
          Effect.sync(() => new DatabaseSync(path)),
          (database) => Effect.sync(() => database.close())
        )
        other.exec("BEGIN IMMEDIATE")
        const add = (who: number) =>
          Effect.forkChild(Effect.flip(Transport.call(guild, "AddMember", { member: member(who) })))
        const first = yield* add(9)
        for (let turn = 0; turn < 10; turn++) yield* TestClock.adjust("100 millis")
        // Its change waits for the one before.
        const second = yield* add(10)
        for (let turn = 0; turn < 50; turn++) yield* TestClock.adjust("100 millis")
        assert.strictEqual((yield* Fiber.join(first))._tag, "StoreUnavailable")
        assert.strictEqual((yield* Fiber.join(second))._tag, "StoreUnavailable")
        other.exec("COMMIT")
        const again = yield* Effect.forkChild(Transport.call(guild, "AddMember", { member: member(9) }))
        for (let turn = 0; turn < 20; turn++) yield* TestClock.adjust("1 second")
        yield* Fiber.join(again)
        const seen = yield* guild.members.get([userId(9), userId(10)])
        assert.deepStrictEqual(
          seen.map((one) => one.member.user.id),
          [userId(9)]
        )
      }).pipe(Effect.provide(guilds(path)))
    }).pipe(Effect.scoped)
  )
})
