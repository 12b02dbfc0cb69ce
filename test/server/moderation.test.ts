/** Unmodified discord.js clients in a guild that changes under them. */
import { assert, describe, it } from "@effect/vitest"
import { ChannelType, type ClientEvents, Events, GatewayIntentBits, PermissionFlagsBits, Routes } from "discord.js"
import { Effect, Queue } from "effect"
import { type Bot, login } from "../support/bot.ts"
import * as processes from "../support/process.ts"

const INTENTS = [
  GatewayIntentBits.Guilds,
  GatewayIntentBits.GuildMembers,
  GatewayIntentBits.GuildVoiceStates,
  GatewayIntentBits.GuildMessages,
  GatewayIntentBits.MessageContent
]

/** What a bot hears from now on. */
const hears = <E extends keyof ClientEvents>({ client }: Bot, event: E) => {
  const heard = Effect.runSync(Queue.unbounded<ClientEvents[E]>())
  client.on(event, (...args: ClientEvents[E]) => void Queue.offerUnsafe(heard, args))
  return Queue.take(heard)
}

const done = <A>(promise: () => Promise<A>) => Effect.promise(promise)

/** Why it was refused, if it was. */
const refused = (act: () => Promise<unknown>) =>
  done(() =>
    act().then(
      () => "done",
      (error: unknown) => error
    )
  )

/** The next messages are these, and nothing in between. */
const gets = Effect.fnUntraced(function* ({ messages }: Bot, contents: ReadonlyArray<string>) {
  for (const content of contents) assert.strictEqual((yield* Queue.take(messages)).content, content)
})

const start = Effect.gen(function* () {
  const { url } = yield* processes.server()
  const owner = yield* login(url, "demo-1", INTENTS)
  const staff = yield* login(url, "demo-2", INTENTS)
  const plain = yield* login(url, "demo-3", INTENTS)
  return { url, owner, staff, plain }
})

describe("discord.js, in a guild that changes", () => {
  it.live("who may not see a channel gets nothing of it, however that came about", () =>
    Effect.gen(function* () {
      const { owner, plain, staff } = yield* start
      const created = hears(plain, Events.ChannelCreate)
      const deleted = hears(plain, Events.ChannelDelete)
      const guild = owner.guild()
      const secret = owner.channel("staff")
      const general = owner.channel("general")
      const role = guild.roles.cache.find(({ name }) => name === "Staff")
      assert.isDefined(role)
      const member = yield* done(() => guild.members.fetch(plain.client.user.id))

      // A role is given, and taken.
      yield* done(() => member.roles.add(role))
      assert.strictEqual((yield* created)[0].name, "staff")
      yield* done(() => secret.send("1 for staff"))
      yield* gets(plain, ["1 for staff"])
      yield* done(() => member.roles.remove(role))
      assert.strictEqual((yield* deleted)[0].id, secret.id)
      yield* done(() => secret.send("2 for staff"))
      yield* done(() => general.send("2 for all"))
      yield* gets(plain, ["2 for all"])

      // An overwrite is added, and removed.
      yield* done(() => general.permissionOverwrites.create(member, { ViewChannel: false }))
      assert.strictEqual((yield* deleted)[0].id, general.id)
      yield* done(() => general.send("3 for others"))
      yield* done(() => general.permissionOverwrites.delete(member))
      assert.strictEqual((yield* created)[0].id, general.id)
      yield* done(() => general.send("3 for all"))
      yield* gets(plain, ["3 for all"])

      // The channel is moved to a category that is hidden, and takes over what that says.
      const category = yield* done(() =>
        guild.channels.create({
          name: "hidden",
          type: ChannelType.GuildCategory,
          permissionOverwrites: [{ id: guild.id, deny: [PermissionFlagsBits.ViewChannel] }]
        })
      )
      yield* done(() => general.setParent(category.id, { lockPermissions: true }))
      assert.strictEqual((yield* deleted)[0].id, general.id)
      yield* done(() => general.send("4 for the owner"))
      // What the category says, the channel says now too.
      yield* done(() => category.permissionOverwrites.create(role, { ViewChannel: true }))
      yield* done(() => general.send("4 for staff"))
      yield* done(() => general.setParent(null, { lockPermissions: false }))
      yield* done(() => general.permissionOverwrites.set([]))
      assert.strictEqual((yield* created)[0].id, general.id)
      yield* done(() => general.send("4 for all"))
      yield* gets(plain, ["4 for all"])

      // The role is deleted.
      yield* done(() => member.roles.add(role))
      assert.strictEqual((yield* created)[0].name, "staff")
      yield* done(() => role.delete())
      assert.strictEqual((yield* deleted)[0].id, secret.id)
      yield* done(() => secret.send("5 for nobody else"))
      yield* done(() => general.send("5 for all"))
      yield* gets(plain, ["5 for all"])

      // The member is made to leave.
      const gone = hears(plain, Events.GuildDelete)
      const left = hears(staff, Events.GuildMemberRemove)
      yield* done(() => member.kick())
      assert.strictEqual((yield* gone)[0].id, guild.id)
      assert.strictEqual((yield* left)[0].id, plain.client.user.id)
      yield* done(() => general.send("6 for those who are left"))
      yield* gets(staff, ["1 for staff", "2 for staff", "2 for all", "3 for others", "3 for all"])
      yield* gets(staff, ["4 for staff", "4 for all", "5 for all", "6 for those who are left"])
      assert.strictEqual(yield* Queue.size(plain.messages), 0)
    }).pipe(Effect.scoped)
  )

  it.live("those who may not change it are told so, and nothing is changed", () =>
    Effect.gen(function* () {
      const { owner, plain } = yield* start
      const guild = plain.guild()
      const me = yield* done(() => guild.members.fetchMe())
      // A client without presences is told of the members when it asks for them, and heeds what it hears of those it knows.
      yield* done(() => owner.guild().members.fetch())
      const staff = guild.roles.cache.find(({ name }) => name === "Staff")
      assert.isDefined(staff)
      for (const act of [
        () => me.roles.add(staff),
        () => guild.roles.create({ name: "mine" }),
        () => guild.channels.create({ name: "mine" }),
        () => plain.channel("general").permissionOverwrites.create(me, { ManageChannels: true }),
        () => plain.channel("general").delete(),
        () => guild.members.kick(owner.client.user.id),
        () => guild.members.kick(me)
      ]) {
        assert.deepInclude(yield* refused(act), { status: 403, code: 50013 })
      }
      // What everyone may do to themselves.
      const renamed = hears(owner, Events.GuildMemberUpdate)
      yield* done(() => me.setNickname("plain"))
      assert.deepStrictEqual(
        (yield* renamed).map((member) => member.displayName),
        ["demo-3", "plain"]
      )
      // They may leave; the owner may not, whatever else they may do.
      const left = hears(owner, Events.GuildMemberRemove)
      const leaving = Routes.userGuild(guild.id)
      assert.deepInclude(yield* refused(() => owner.client.rest.delete(leaving)), { status: 400, code: 50055 })
      const kicked = yield* refused(() => owner.guild().members.kick(owner.client.user.id))
      assert.deepInclude(kicked, { status: 403, code: 50013 })
      yield* done(() => guild.leave())
      assert.strictEqual((yield* left)[0].id, me.id)
    }).pipe(Effect.scoped)
  )

  it.live("a bot puts the roles below its own in order, and no others; a new one stands below them", () =>
    Effect.gen(function* () {
      const { owner, plain, staff } = yield* start
      const names = ({ guild }: Bot) =>
        Array.from(guild().roles.cache.values())
          .toSorted((a, b) => b.position - a.position)
          .map(({ name, position }) => `${position} ${name}`)
      const role = ({ guild }: Bot, name: string) => {
        const found = guild().roles.cache.find((one) => one.name === name)
        assert.isDefined(found)
        return found
      }
      const updated = hears(plain, Events.GuildRoleUpdate)
      yield* done(() => role(owner, "Staff").setPermissions([PermissionFlagsBits.ManageRoles]))
      assert.strictEqual((yield* updated)[1].name, "Staff")
      const created = hears(plain, Events.GuildRoleCreate)
      yield* done(() => owner.guild().roles.create({ name: "blue" }))
      assert.strictEqual((yield* created)[0].name, "blue")
      assert.deepStrictEqual(names(plain), ["3 Staff", "2 Regulars", "1 blue", "0 @everyone"])

      yield* done(() => role(staff, "blue").setPosition(2))
      assert.sameMembers([(yield* updated)[1].name, (yield* updated)[1].name], ["blue", "Staff"])
      assert.deepStrictEqual(names(plain), ["3 Staff", "2 blue", "1 Regulars", "0 @everyone"])

      const tooHigh = yield* refused(() => role(staff, "Regulars").setPosition(3))
      assert.deepInclude(tooHigh, { status: 403, code: 50013 })
      // What was refused or changes nothing, nobody hears of: the next that is heard is another.
      yield* done(() => role(owner, "blue").setName("blue"))
      yield* done(() => role(owner, "blue").setName("azure"))
      assert.strictEqual((yield* updated)[1].name, "azure")
      assert.deepStrictEqual(names(plain), ["3 Staff", "2 azure", "1 Regulars", "0 @everyone"])
    }).pipe(Effect.scoped)
  )

  it.live(
    "a role has the colour that it is given, in either form; a channel that changes has its last message yet",
    () =>
      Effect.gen(function* () {
        const { owner, plain } = yield* start
        const guild = owner.guild()
        const updated = hears(plain, Events.GuildRoleUpdate)
        const red = yield* done(() => guild.roles.create({ name: "red", colors: { primaryColor: 0xff0000 } }))
        assert.strictEqual(red.colors.primaryColor, 0xff0000)
        yield* done(() => red.setColors({ primaryColor: 0xee0000 }))
        assert.strictEqual((yield* updated)[1].colors.primaryColor, 0xee0000)
        yield* done(() => owner.client.rest.patch(Routes.guildRole(guild.id, red.id), { body: { color: 0xdd0000 } }))
        assert.strictEqual((yield* updated)[1].colors.primaryColor, 0xdd0000)

        const changed = hears(plain, Events.ChannelUpdate)
        const general = owner.channel("general")
        const { id } = yield* done(() => general.send("the last"))
        yield* gets(plain, ["the last"])
        const edited = yield* done(() => general.setTopic("another"))
        yield* changed
        assert.deepStrictEqual(
          [plain.channel("general").topic, plain.channel("general").lastMessageId],
          ["another", id]
        )
        assert.deepStrictEqual([edited.lastMessageId, general.lastMessageId], [id, id])
      }).pipe(Effect.scoped)
  )

  it.live("voice: who joins, is moved, muted and leaves is seen by those who see the channel", () =>
    Effect.gen(function* () {
      const { owner, plain, staff, url } = yield* start
      const heard = hears(plain, Events.VoiceStateUpdate)
      const guild = staff.guild()
      const lounge = guild.channels.cache.find(({ name }) => name === "lounge")
      assert.isDefined(lounge)
      const join = (channel: string | null) =>
        guild.shard.send({ op: 4, d: { guild_id: guild.id, channel_id: channel, self_mute: false, self_deaf: true } })
      join(lounge.id)
      const joined = (yield* heard)[1]
      assert.deepStrictEqual(
        [joined.channel?.name, joined.member?.user.username, joined.selfDeaf, joined.selfMute],
        ["lounge", "demo-2", true, false]
      )
      // Whoever comes now sees who is there.
      const late = yield* login(url, "demo-3", INTENTS)
      assert.strictEqual(late.guild().voiceStates.cache.get(staff.client.user.id)?.channelId, lounge.id)

      const member = yield* done(() => owner.guild().members.fetch(staff.client.user.id))
      const absent = yield* refused(() => owner.guild().members.edit(plain.client.user.id, { mute: true, deaf: false }))
      assert.deepInclude(absent, { status: 400, code: 40032 })
      yield* done(() => member.voice.setMute(true))
      assert.isTrue((yield* heard)[1].serverMute)
      const hidden = yield* done(() =>
        owner.guild().channels.create({
          name: "back room",
          type: ChannelType.GuildVoice,
          permissionOverwrites: [
            { id: guild.id, deny: [PermissionFlagsBits.ViewChannel] },
            { id: member.id, allow: [PermissionFlagsBits.ViewChannel] }
          ]
        })
      )
      yield* done(() => member.voice.setChannel(hidden.id))
      // To those who do not see the other channel they have hung up.
      assert.strictEqual((yield* heard)[1].channelId, null)
      yield* done(() => hidden.permissionOverwrites.delete(guild.id))
      assert.strictEqual((yield* heard)[1].channelId, hidden.id)
      join(null)
      assert.strictEqual((yield* heard)[1].channelId, null)
      join(lounge.id)
      assert.strictEqual((yield* heard)[1].channelId, lounge.id)

      // Timed out, one hangs up, and can only look; and then speaks again.
      yield* done(() => member.timeout(60_000))
      assert.strictEqual((yield* heard)[1].channelId, null)
      const general = staff.channel("general")
      const error = yield* refused(() => general.send("?"))
      assert.deepInclude(error, { status: 403, code: 50013 })
      yield* done(() => plain.channel("general").send("hear, hear"))
      yield* gets(staff, ["hear, hear"])
      assert.isTrue(staff.guild().members.me?.isCommunicationDisabled())
      const tooLong = yield* refused(() => member.timeout(29 * 86_400_000))
      assert.deepInclude(tooLong, { status: 400, code: 50035 })
      yield* done(() => member.timeout(null))
      yield* done(() => general.send("thank you"))
      yield* gets(staff, ["thank you"])
      join(lounge.id)
      assert.strictEqual((yield* heard)[1].channelId, lounge.id)
      // A session that ends hangs up.
      yield* done(() => staff.client.destroy())
      assert.strictEqual((yield* heard)[1].channelId, null)
    }).pipe(Effect.scoped)
  )

  it.live("members are found by name and fetched in chunks; everyone can be called, by those who may", () =>
    Effect.gen(function* () {
      const { owner, plain, staff } = yield* start
      const guild = plain.guild()
      const names = (members: Iterable<{ readonly displayName: string }>) =>
        Array.from(members, ({ displayName }) => displayName).toSorted()
      const everybody = ["demo-1", "demo-2", "demo-3"]
      assert.deepStrictEqual(names((yield* done(() => guild.members.fetch())).values()), everybody)
      const found = yield* done(() => guild.members.fetch({ query: "DEMO-2", limit: 10 }))
      assert.deepStrictEqual(names(found.values()), ["demo-2"])
      assert.deepStrictEqual(
        names((yield* done(() => guild.members.search({ query: "demo", limit: 3 }))).values()),
        everybody
      )

      yield* done(() => plain.channel("general").send("@everyone may I?"))
      yield* done(() => staff.channel("general").send(`@everyone and <@${plain.client.user.id}>`))
      const may = yield* Queue.take(owner.messages)
      assert.deepStrictEqual([may.mentions.everyone, may.mentions.users.size], [false, 0])
      const called = yield* Queue.take(owner.messages)
      assert.deepStrictEqual(
        [called.mentions.everyone, called.mentions.members?.map(({ displayName }) => displayName)],
        [true, ["demo-3"]]
      )
    }).pipe(Effect.scoped)
  )

  it.live("among five thousand who come meanwhile: one logs in, chats, and fetches all of them in chunks", () =>
    Effect.gen(function* () {
      const { url } = yield* processes.server(["--simulate", "5000", "--members", "hybrid"])
      const bot = yield* login(url, "demo-1", INTENTS)
      const sent = yield* done(() => bot.channel("general").send("hello, crowd"))
      let heard = yield* Queue.take(bot.messages)
      // The crowd talks too.
      while (heard.id !== sent.id) heard = yield* Queue.take(bot.messages)
      assert.strictEqual(heard.content, "hello, crowd")
      const guild = bot.guild()
      assert.strictEqual(guild.memberCount, 5003)
      const members = yield* done(() => guild.members.fetch())
      assert.strictEqual(members.size, 5003)
      const found = yield* done(() => guild.members.fetch({ query: "member-00499", limit: 100 }))
      assert.strictEqual(found.size, 10)
    }).pipe(Effect.scoped)
  )
})
