/**
 * Node's async context: what an `AsyncLocalStorage` finds. Whatever is started within one stays in it, timers, sockets and
 * fibers alike, so what serves many must be started outside of any.
 *
 * @since 0.1.0
 */

/** Taken when this module is loaded, which is before anything is served. */
const snapshot = globalThis.process?.getBuiltinModule?.("node:async_hooks")?.AsyncLocalStorage.snapshot()

/**
 * Runs a function outside of any async context. Where the platform has none, it just runs it.
 *
 * @since 0.1.0
 * @category running
 */
export const outside: <A>(run: () => A) => A = snapshot ?? ((run) => run())
