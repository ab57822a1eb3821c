import { defineConfig } from "vitest/config"

/** Tests against real engines, which they install and start themselves: `pnpm test:services`. */
export default defineConfig({
  test: {
    include: ["tests/services/**/*.services.test.ts"],
    pool: "forks",
    maxWorkers: 1,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 900_000,
  },
})
