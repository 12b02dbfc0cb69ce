import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["test/**/*.test.ts"],
    // Real servers, clients and browsers start in some files: generous, since nothing here asserts on time.
    testTimeout: 60_000,
    hookTimeout: 60_000
  }
})
