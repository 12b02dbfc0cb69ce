/**
 * The transport: every way in which a message travels. The only place where envelopes and tracing meet.
 *
 * What is not sampled is not there: it leaves bare, arrives bare, opens no span and changes no context. What is sampled
 * leaves in an envelope with the sender's trace context and the time of sending; whoever receives it handles it within
 * a span, and leaves nothing behind.
 *
 * @since 0.1.0
 */
export { call, cast, send } from "./transport/Send.ts"
export { broadcast, fanout, type FanOutOptions } from "./transport/FanOut.ts"
export { handle, receive, type Receiver, receiver } from "./transport/Receive.ts"
export { type Passing, passing } from "./transport/Passing.ts"
export { ingress, type IngressOptions, type TraceCallers } from "./transport/Callers.ts"
export { decode, encode } from "./transport/Wire.ts"
export { type Hop, isolated, layerIsolated, untraced } from "./transport/Trace.ts"
