/**
 * The project's test commands. `pnpm test`: lint, types, then every test that needs Node alone. `pnpm test:services`:
 * the tests beside real engines. Both end with `N passed, N failed`. With CI set, a skipped test counts as failed:
 * there everything that should run must run.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"

const bin = join(import.meta.dirname, "..", "node_modules", ".bin")

/** Runs a program with its output shown; true when it succeeded. */
const succeeds = (program: string, ...args: string[]): boolean =>
  spawnSync(join(bin, program), args, { stdio: "inherit" }).status === 0

interface VitestResult {
  numPassedTests: number
  numFailedTests: number
  testResults: { name: string; status: string; assertionResults: { fullName: string; status: string }[] }[]
}

/** Runs vitest and counts. A file that could not be loaded counts as one failure. */
const runVitest = (...args: string[]) => {
  const folder = mkdtempSync(join(tmpdir(), "roadmap-test-"))
  try {
    const file = join(folder, "vitest.json")
    const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${file}`]
    const finished = succeeds("vitest", "run", ...reporters, ...args)
    if (!existsSync(file)) return { passed: 0, failed: 1, skipped: [] }
    const result = JSON.parse(readFileSync(file, "utf8")) as VitestResult
    const unloaded = result.testResults.filter(
      each => each.status === "failed" && each.assertionResults.every(test => test.status !== "failed"),
    )
    const failed = result.numFailedTests + unloaded.length
    return {
      passed: result.numPassedTests,
      failed: finished ? failed : Math.max(1, failed),
      skipped: result.testResults.flatMap(each =>
        each.assertionResults.filter(test => !["passed", "failed"].includes(test.status)),
      ),
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const services = process.argv.includes("--services")
const filters = process.argv.slice(2).filter(word => word !== "--services")
const checks = services
  ? []
  : [
      succeeds("biome", "check", "."),
      succeeds("turbo", "run", "types", "types:root", "--output-logs=errors-only"),
    ]
const { passed, failed, skipped } = runVitest(
  ...(services ? ["--config", "vitest.services.config.ts"] : []),
  ...filters,
)
for (const test of skipped) console.log(`skipped: ${test.fullName}`)

const strict = loadConfig().ci
const allPassed = passed + checks.filter(Boolean).length
const allFailed = failed + checks.filter(check => !check).length + (strict ? skipped.length : 0)
console.log(
  `${allPassed} passed, ${allFailed} failed${skipped.length > 0 && !strict ? `, ${skipped.length} skipped` : ""}`,
)
process.exitCode = allFailed === 0 ? 0 : 1
