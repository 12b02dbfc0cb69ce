/** What a client makes of the frames about member lists that it is sent. */
import { Effect, Queue, Schema } from "effect"
import type { Client } from "../../src/layers/SessionSocket/memory.ts"

const Item = Schema.Struct({
  group: Schema.optionalKey(Schema.Struct({ id: Schema.String, count: Schema.Int })),
  member: Schema.optionalKey(
    Schema.Struct({
      nick: Schema.NullOr(Schema.String),
      user: Schema.Struct({ id: Schema.String }),
      presence: Schema.Struct({ status: Schema.String })
    })
  )
})
const Update = Schema.Struct({
  id: Schema.String,
  member_count: Schema.Int,
  online_count: Schema.Int,
  ops: Schema.Array(
    Schema.Union([
      Schema.Struct({
        op: Schema.Literal("SYNC"),
        range: Schema.Tuple([Schema.Int, Schema.Int]),
        items: Schema.Array(Item)
      }),
      Schema.Struct({ op: Schema.Literals(["INSERT", "UPDATE"]), index: Schema.Int, item: Item }),
      Schema.Struct({ op: Schema.Literal("DELETE"), index: Schema.Int }),
      Schema.Struct({ op: Schema.Literal("INVALIDATE"), range: Schema.Tuple([Schema.Int, Schema.Int]) })
    ])
  )
})
const Frame = Schema.fromJsonString(Schema.Struct({ t: Schema.NullOr(Schema.String), d: Schema.Unknown }))
export const decodeFrame = Schema.decodeUnknownSync(Frame)
const decodeUpdate = Schema.decodeUnknownSync(Update)

const shown = ({ group, member }: typeof Item.Type): string =>
  group === undefined
    ? `${member?.user.id} ${member?.nick ?? ""} ${member?.presence.status}`
    : `# ${group.id} ${group.count}`

/** What a client does with what it is told. */
const apply = (rows: Array<string | undefined>, { ops }: typeof Update.Type): void => {
  for (const op of ops) {
    switch (op.op) {
      case "SYNC":
      case "INVALIDATE":
        for (let index = op.range[0]; index <= op.range[1]; index++) {
          rows[index] = undefined
          const item = op.op === "SYNC" ? op.items[index - op.range[0]] : undefined
          if (item !== undefined) rows[index] = shown(item)
        }
        break
      case "INSERT":
        while (rows.length < op.index) rows.push(undefined)
        rows.splice(op.index, 0, shown(op.item))
        break
      case "UPDATE":
        rows[op.index] = shown(op.item)
        break
      case "DELETE":
        rows.splice(op.index, 1)
    }
  }
}

/** Those of the frames that it was sent since the last time. */
export const updates = (client: Client) =>
  Effect.map(Queue.clear(client.frames), (frames) =>
    frames
      .map((frame) => decodeFrame(frame))
      .flatMap(({ d, t }) => (t === "GUILD_MEMBER_LIST_UPDATE" ? [decodeUpdate(d)] : []))
  )

/** A client's lists, by their ids: a frame says no more than that of where it belongs. */
export class Lists {
  private readonly byId = new Map<string, Array<string | undefined>>()

  take(all: ReadonlyArray<typeof Update.Type>): void {
    for (const update of all) {
      const rows = this.byId.get(update.id) ?? []
      this.byId.set(update.id, rows)
      apply(rows, update)
    }
  }

  /** The rows of a list that it has there. */
  rows(id: string, from = 0, to = 99): ReadonlyArray<string> {
    return (this.byId.get(id) ?? []).slice(from, to + 1).filter((row) => row !== undefined)
  }

  ids(): ReadonlyArray<string> {
    return Array.from(this.byId.keys())
  }
}
