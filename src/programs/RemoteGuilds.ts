/**
 * Guilds that run elsewhere, for a worker: whoever asks here is answered there; and what they say reaches the sessions that
 * live here, through relays that do too.
 *
 * @since 0.1.0
 */
import { type Cause, Context, Effect, Layer, Option, Pull } from "effect"
import * as Detached from "../domain/Detached.ts"
import type * as Envelope from "../domain/Envelope.ts"
import type { GuildId } from "../domain/Ids.ts"
import * as Mailbox from "../domain/Mailbox.ts"
import type { Offload } from "../domain/Offload.ts"
import * as Wire from "../domain/remote/Wire.ts"
import type { Sampler } from "../domain/Sampler.ts"
import { GuildLink, type Link, WorkerIndex } from "../domain/Worker.ts"
import { found, Guilds } from "./Guilds.ts"
import type { Settings } from "./Relay.ts"
import { Pending } from "./remote/Pending.ts"
import * as Proxy from "./remote/Proxy.ts"
import * as Relays from "./remote/Relays.ts"

/** Commands carried out before their guild is told of it, while there are more. */
const BATCH = Wire.WINDOW / 4

type Commands = Mailbox.Mailbox<Envelope.Envelope<Wire.Command>, Cause.Done>

/** Tells a guild that there is room again. */
const teller = (link: Link, guild: GuildId, commands: Commands) => {
  let count = 0
  return () => {
    count++
    if (count < BATCH && commands.length > 0) return
    link.send(Wire.encodeUp({ _tag: "Taken", guild, count }))
    count = 0
  }
}

/**
 * Waits for the guilds to say who they are, and which worker this is; then serves until the Layer's scope closes, or the
 * link is gone.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (options?: {
  readonly relayCapacity?: number
  readonly relay?: Settings
}): Layer.Layer<Guilds | WorkerIndex, Cause.Done, GuildLink | Sampler | Offload> =>
  Layer.effectContext(
    Effect.gen(function* () {
      const link = yield* GuildLink
      const pending = new Pending()
      const commands = new Map<GuildId, Commands>()
      const tellers = new Map<GuildId, () => void>()

      const received = Effect.fnUntraced(function* (text: string) {
        const down = yield* Wire.decodeDown(text)
        if (down._tag === "Part") pending.part(down.number, down.users)
        if (down._tag === "Reply") yield* pending.answer(down.number, down.exit)
        // There is room for it: its guild sends no more than that.
        if (down._tag === "Command") commands.get(down.guild)?.offerUnsafe(down.command)
      })

      const first = yield* Effect.orDie(Wire.decodeDown(yield* Mailbox.take(link.frames)))
      const { guilds, worker } = first._tag === "Start" ? first : { guilds: [], worker: 0 }
      const proxies = yield* Effect.forEach(
        guilds,
        Effect.fnUntraced(function* (id) {
          const proxy = yield* Proxy.make(id, link, pending)
          const { relay, relayCapacity: capacity } = options ?? {}
          const relays = yield* Relays.make(proxy, {
            worker,
            ...(relay === undefined ? undefined : { relay }),
            ...(capacity === undefined ? undefined : { capacity })
          })
          const mailbox = yield* Mailbox.bounded<Envelope.Envelope<Wire.Command>, Cause.Done>(Wire.WINDOW)
          const taken = teller(link, id, mailbox)
          commands.set(id, mailbox)
          tellers.set(id, taken)
          yield* Detached.forkScoped(
            Mailbox.consume(mailbox, (command) =>
              Effect.map(
                Effect.catchCause(relays(command), (cause) => Effect.logError("a guild's command died here", cause)),
                taken
              )
            )
          )
          return proxy
        })
      )
      yield* Detached.forkScoped(
        Mailbox.consume(link.frames, (text) =>
          Effect.catchCause(received(text), (cause) => {
            // Its place is free again all the same.
            const guild = Option.getOrUndefined(Wire.commandOf(text))
            if (guild !== undefined) tellers.get(guild)?.()
            return Effect.logError("a guild said what was not understood", cause)
          })
        ).pipe(Pull.catchDone(() => Effect.void))
      )
      yield* Effect.forEach(proxies, ({ begun }) => begun, { discard: true })
      const all = yield* found(proxies.map(({ guild }) => guild))
      return Context.make(Guilds, all).pipe(Context.add(WorkerIndex, worker))
    })
  )
