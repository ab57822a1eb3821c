/**
 * The project's whole test command: lint, types, then every test. Ends with `N passed, N failed`.
 * With CI set, a skipped test counts as failed: there everything that should run must run.
 */
import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"

const bin = join(import.meta.dirname, "..", "node_modules", ".bin")
const folder = mkdtempSync(join(tmpdir(), "roadmap-test-"))
const resultFile = join(folder, "vitest.json")

/** Runs a program with its output shown; true when it succeeded. */
const succeeds = (program: string, ...args: string[]): boolean =>
  spawnSync(join(bin, program), args, { stdio: "inherit" }).status === 0

interface VitestResult {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numFailedTestSuites: number
  testResults: { name: string; assertionResults: { fullName: string; status: string }[] }[]
}

try {
  const checks = [
    succeeds("biome", "check", "."),
    succeeds("turbo", "run", "types", "--output-logs=errors-only", "--no-update-notifier"),
  ]
  const finished = succeeds(
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${resultFile}`,
    ...process.argv.slice(2),
  )
  const result = JSON.parse(readFileSync(resultFile, "utf8")) as VitestResult
  const skipped = result.testResults.flatMap(file =>
    file.assertionResults.filter(test => ["skipped", "pending", "todo"].includes(test.status)),
  )
  for (const test of skipped) console.log(`skipped: ${test.fullName}`)

  const strict = loadConfig().ci
  const passed = checks.filter(Boolean).length + result.numPassedTests
  let failed = checks.filter(check => !check).length + result.numFailedTests + (strict ? skipped.length : 0)
  // A file that could not be loaded has no failed test of its own.
  if (!finished && failed === 0) failed = Math.max(1, result.numFailedTestSuites)
  console.log(
    `${passed} passed, ${failed} failed${skipped.length > 0 && !strict ? `, ${skipped.length} skipped` : ""}`,
  )
  process.exitCode = failed === 0 ? 0 : 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
