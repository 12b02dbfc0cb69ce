/** Rates at which nobody is refused: for suites about something else, whose clock may stand still. */
import { Layer } from "effect"
import * as Rates from "../../src/domain/gateway/Rates.ts"

const often = { tokens: 1_000_000, millis: 1 } as const

export const unlimited = Layer.sync(
  Rates.Reference,
  () =>
    new Rates.Rates({
      requests: often,
      requestsPerRoute: often,
      messages: often,
      updates: often,
      identifies: often,
      sessionStarts: often,
      wrongTokens: often
    })
)
