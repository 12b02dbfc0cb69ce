import { assert, it } from "@effect/vitest"
import { Effect, Option } from "effect"
import * as Submission from "../../../src/programs/ingress/Submission.ts"
import { Guilds } from "../../../src/programs/Guilds.ts"
import { GENERAL, GUILD, userId } from "../../support/community.ts"
import * as guilds from "../../support/guilds.ts"

it.effect("embeds take no more room than they may, also by addresses, which are not counted as their texts are", () =>
  Effect.gen(function* () {
    const guild = Option.getOrThrow((yield* Guilds).byId(GUILD))
    const embedded = (count: number) => {
      const url = `https://example.com/${"a".repeat(2000)}`
      const embeds = Array.from({ length: count }, () => ({ url, image: { url }, thumbnail: { url }, title: "t" }))
      return Submission.submit(guild, { author: userId(1), channel: GENERAL, input: { embeds } })
    }
    assert.lengthOf((yield* embedded(10)).draft.embeds, 10)
    const url = "\u0001".repeat(2048)
    const input = { embeds: Array.from({ length: 6 }, () => ({ url, title: "t" })) }
    const refused = yield* Effect.flip(Submission.submit(guild, { author: userId(1), channel: GENERAL, input }))
    assert.strictEqual(refused.status, 413)
  }).pipe(Effect.provide(guilds.layer(1)))
)
