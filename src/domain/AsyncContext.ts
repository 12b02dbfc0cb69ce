/**
 * Node's asynchronous context: what `AsyncLocalStorage` hands on from whoever schedules something to what then runs.
 *
 * @since 0.1.0
 */

/**
 * Runs a function outside of the caller's asynchronous context, in that of the program itself (the one in which this
 * module was loaded). Long-lived work is started so: otherwise it would keep for life the request, and the span of an
 * OpenTelemetry SDK, that happened to start it. Where the platform has no such contexts the function just runs.
 *
 * @since 0.1.0
 * @category running
 */
export const outside: <A>(run: () => A) => A =
  globalThis.process?.getBuiltinModule?.("node:async_hooks").AsyncLocalStorage.snapshot() ?? ((run) => run())
