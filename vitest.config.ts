import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["packages/*/test/**/*.test.ts", "labs/*/test/**/*.test.ts", "tests/*.test.ts"],
    pool: "forks",
    testTimeout: 30_000,
  },
})
