/** Values that several suites draw. */
import { Arbitrary, Schema } from "effect"
import type { TraceContext } from "../../src/domain/TraceContext.ts"

const Hex = (length: number) => Schema.String.check(Schema.isPattern(new RegExp(`^[0-9a-f]{${length}}$`)))

/** Trace contexts that are well formed; flags as far as version 00 passes them on. */
export const TraceContexts: Arbitrary.Arbitrary<TraceContext> = Arbitrary.schema(
  Schema.Struct({
    traceId: Hex(32),
    spanId: Hex(16),
    flags: Schema.Literals([0, 1, 2, 3]),
    traceState: Schema.Literals(["", "vendor=opaque", "ot=th:8;rv:6e6d1a75832a2f,vendor=opaque"])
  })
).pipe(Arbitrary.filter(({ spanId, traceId }) => /[^0]/.test(traceId) && /[^0]/.test(spanId)))
