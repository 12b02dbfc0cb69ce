/** A tracer that only counts which spans were opened, and which of them ended. */
import { Tracer } from "effect"
import type { Instruments } from "./Instruments.ts"

export const counting = (instruments: Instruments, thread: number): Tracer.Tracer =>
  Tracer.make({
    span: (options) => {
      const span = new Tracer.NativeSpan(options)
      if (!options.sampled) return span
      instruments.span("opened", thread)
      const end = span.end.bind(span)
      span.end = (time, exit) => {
        instruments.span("ended", thread)
        end(time, exit)
      }
      return span
    }
  })
