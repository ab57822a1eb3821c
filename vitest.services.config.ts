import { defineConfig } from "vitest/config"

/**
 * `pnpm test:services`: tests against real engines, which they install and start themselves, and tests that kill processes
 * for minutes.
 */
export default defineConfig({
  test: {
    include: ["tests/services/**/*.services.test.ts", "{packages,labs}/*/test/**/*.slow.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 900_000,
  },
})
