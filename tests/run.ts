/**
 * The project's test commands. `pnpm test`: lint, types, then every test that needs Node alone. `pnpm test:services`:
 * the tests beside real engines, and those that kill processes for minutes (`*.slow.test.ts`). Both end with
 * `N passed, N failed`. With CI set, a skipped test counts as failed: there everything that should run must run. A whole
 * run also compares its contract tests with docs/contracts.md, or with --write brings the page up to date.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { contractRows, keepContracts, type NamedResult } from "./contracts.ts"

const bin = join(import.meta.dirname, "..", "node_modules", ".bin")

/** Runs a program with its output shown; true when it succeeded. */
const succeeds = (program: string, ...args: string[]): boolean =>
  spawnSync(join(bin, program), args, { stdio: "inherit" }).status === 0

interface VitestResult {
  numPassedTests: number
  numFailedTests: number
  testResults: { name: string; status: string; assertionResults: (NamedResult & { fullName: string })[] }[]
}

/** Runs vitest and counts. A file that could not be loaded counts as one failure. */
const runVitest = (...args: string[]) => {
  const folder = mkdtempSync(join(tmpdir(), "roadmap-test-"))
  try {
    const file = join(folder, "vitest.json")
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`]
    const finished = succeeds("vitest", "run", ...reporters, ...args)
    if (!existsSync(file)) return { passed: 0, failed: 1, tests: [] }
    const result = JSON.parse(readFileSync(file, "utf8")) as VitestResult
    const unloaded = result.testResults.filter(
      each => each.status === "failed" && each.assertionResults.every(test => test.status !== "failed"),
    )
    const failed = result.numFailedTests + unloaded.length
    return {
      passed: result.numPassedTests,
      failed: finished ? failed : Math.max(1, failed),
      tests: result.testResults.flatMap(each => each.assertionResults),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const options = ["--services", "--write"]
const [services, write] = options.map(option => process.argv.includes(option))
const filters = process.argv.slice(2).filter(word => !options.includes(word))
const checks = services
  ? []
  : [
      succeeds("biome", "check", "."),
      succeeds("turbo", "run", "types", "types:root", "--output-logs=errors-only"),
    ]
const { passed, failed, tests } = runVitest(
  ...(services ? ["--config", "vitest.services.config.ts"] : []),
  ...filters,
)
const skipped = tests.filter(test => !["passed", "failed"].includes(test.status))
if (filters.length === 0) {
  const command = services ? "test:services" : "test"
  checks.push(keepContracts(contractRows(tests, command), command, write))
}
for (const test of skipped) console.log(`skipped: ${test.fullName}`)

const strict = loadConfig().ci
const allPassed = passed + checks.filter(Boolean).length
const allFailed = failed + checks.filter(check => !check).length + (strict ? skipped.length : 0)
console.log(
  `${allPassed} passed, ${allFailed} failed${skipped.length > 0 && !strict ? `, ${skipped.length} skipped` : ""}`,
)
process.exitCode = allFailed === 0 ? 0 : 1
