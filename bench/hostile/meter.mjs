// Loaded into the server that is measured: collects, and says what is left.
process.on("message", () => {
  for (let time = 0; time < 3; time++) globalThis.gc?.()
  const { heapUsed, rss } = process.memoryUsage()
  process.send?.({ heap: heapUsed, rss })
})
process.channel?.unref()
