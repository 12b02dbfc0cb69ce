/** What a client may write, and what is refused by its name. */
import { assert, describe, it } from "@effect/vitest"
import { Result, Schema } from "effect"
import * as MessageBody from "../../../src/domain/gateway/MessageBody.ts"
import { GENERAL } from "../../support/community.ts"

const decode = Schema.decodeUnknownResult(MessageBody.CreateMessage)

const drafted = (body: object) => Result.flatMap(decode(body), (input) => MessageBody.draft(input, GENERAL))

describe("MessageBody", () => {
  it.each([
    ["nothing but a text", { content: "hi" }, { content: "hi", embeds: [], tts: false }],
    [
      "null for what is left out",
      {
        content: "hi",
        embeds: null,
        tts: null,
        flags: null,
        nonce: null,
        message_reference: null,
        allowed_mentions: null,
        components: null,
        sticker_ids: null,
        poll: null,
        attachments: null,
        enforce_nonce: null
      },
      { content: "hi", embeds: [], tts: false }
    ],
    [
      "nothing, in lists",
      { content: "hi", components: [], sticker_ids: [], attachments: [] },
      { content: "hi", embeds: [], tts: false }
    ],
    ["flags", { content: "hi", flags: (1 << 12) | (1 << 2) }, { content: "hi", embeds: [], tts: false, flags: 4100 }],
    [
      "to be made once",
      { content: "hi", nonce: "n", enforce_nonce: true },
      { content: "hi", embeds: [], tts: false, nonce: "n", isUnique: true }
    ],
    [
      "to be made once, without a nonce",
      { content: "hi", enforce_nonce: true },
      { content: "hi", embeds: [], tts: false }
    ],
    [
      "an answer",
      { content: "hi", message_reference: { type: 0, message_id: "5", channel_id: GENERAL } },
      { content: "hi", embeds: [], tts: false, replyTo: "5" }
    ],
    [
      "an embed with null in it",
      {
        embeds: [
          {
            title: "t",
            description: null,
            author: { name: null },
            image: { url: null },
            fields: [{ name: "n", value: "v", inline: null }]
          }
        ]
      },
      { content: "", embeds: [{ title: "t", fields: [{ name: "n", value: "v" }] }], tts: false }
    ]
  ])("%s", (_, body, expected) => {
    const found: unknown = Result.getOrThrow(drafted(body))
    assert.deepStrictEqual(found, expected)
  })

  it.each([
    ["an empty field's value", { embeds: [{ title: "t", fields: [{ name: "n", value: "" }] }] }],
    ["an embed without anything to be seen", { embeds: [{ color: 1, url: "https://example.com" }] }],
    ["a forward", { content: "hi", message_reference: { type: 1, message_id: "5" } }],
    ["an answer to another channel", { content: "hi", message_reference: { message_id: "5", channel_id: "404" } }],
    ["buttons", { content: "hi", components: [{ type: 1, components: [] }] }],
    ["stickers", { content: "hi", sticker_ids: ["1"] }],
    ["a poll", { content: "hi", poll: { question: { text: "?" } } }],
    ["attachments", { content: "hi", attachments: [{ id: 0 }] }],
    ["flags that one may not set", { content: "hi", flags: 1 << 6 }],
    ["a nonce that is too long", { content: "hi", nonce: "n".repeat(26) }],
    ["nothing", { content: " " }]
  ])("is refused: %s", (_, body) => {
    assert.isTrue(Result.isFailure(drafted(body)))
  })
})
