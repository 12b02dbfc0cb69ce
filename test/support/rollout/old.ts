/** A peer as it was before anybody thought of traces: it knows bare messages, and nothing of this library. */
import { run } from "./link.ts"

run({
  say: (message, write) => write(message),
  hear: (wire, heard) => heard(wire)
})
