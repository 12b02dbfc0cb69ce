#!/usr/bin/env bash
# effect 4.1.0: a loop that goes on in what `Effect.callback` is resumed with keeps a frame for each turn, if it has a cleanup.
#
# Behaviour: an endless loop waits for something by `Effect.callback`, and resumes with its own next turn. Without a cleanup
# it runs in constant memory, as a loop by `Effect.flatMap` does. Where the callback returns a cleanup, though that does
# nothing, each turn leaves a frame on the fiber's stack: what the callback was resumed with runs within the frame of the
# cleanup. The memory is kept until the fiber ends. Resuming with a value, and going on after it, keeps nothing.
#   resumed with the next turn, without a cleanup   0 bytes a turn
#   resumed with the next turn, with a cleanup      some 170 bytes a turn
#   resumed with a value, with a cleanup            0 bytes a turn
# One would expect that nothing is left of a wait that is over, as with `Effect.flatMap`: an actor that lives on its mailbox
# so leaks with each message that it waits for.
#
# Output seen (Node.js 20.20.2 and 24.21.0; bytes a turn, of 400,000 turns):
#   next turn, without a cleanup: 0
#   next turn, with a cleanup: 171
#   a value, with a cleanup: 0
#
# Fails if that changes. Needs Node.js >= 20 and npm.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund effect@4.1.0
cat >run.mjs <<'JS'
import { Effect, Fiber } from "effect"

const TURNS = 400_000

/** Wakes whoever waits, as often as is said, and gives the event loop back now and then. */
let waiting
const wake = async (times) => {
  for (let time = 0; time < times; time++) {
    const resume = waiting
    waiting = undefined
    resume()
    if (waiting === undefined || time % 1000 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}
const cleanup = Effect.void

const loops = {
  "next turn, without a cleanup": () => {
    const turn = Effect.callback((resume) => {
      waiting = () => resume(turn)
    })
    return turn
  },
  "next turn, with a cleanup": () => {
    const turn = Effect.callback((resume) => {
      waiting = () => resume(turn)
      return cleanup
    })
    return turn
  },
  "a value, with a cleanup": () => {
    const wait = Effect.callback((resume) => {
      waiting = () => resume(Effect.void)
      return cleanup
    })
    return Effect.forever(wait, { disableYield: true })
  }
}

const used = () => {
  gc()
  gc()
  return process.memoryUsage().heapUsed
}

const found = {}
for (const [name, loop] of Object.entries(loops)) {
  const fiber = Effect.runFork(loop())
  await wake(20_000)
  const before = used()
  await wake(TURNS)
  found[name] = Math.max(0, Math.round((used() - before) / TURNS))
  console.log(`${name}: ${found[name]}`)
  await Effect.runPromise(Fiber.interrupt(fiber))
}
const [without, withCleanup, value] = Object.values(found)
if (!(without < 5 && withCleanup > 20 && value < 5)) {
  console.log("this has changed")
  process.exit(1)
}
JS
node --expose-gc run.mjs
