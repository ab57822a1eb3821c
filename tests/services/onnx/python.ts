import { execFile } from "node:child_process"
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { promisify } from "node:util"
import { loadConfig } from "../../../packages/core/src/config.ts"
import { sha256 } from "../../../packages/core/src/hash.ts"

const execute = promisify(execFile)

/**
 * A virtual environment with exactly these packages, below the home folder; made anew when they change or its
 * making was cut short. Returns its `bin`. Rejects when python3, its venv module or a package is missing.
 */
export const preparePython = async (name: string, requirements: readonly string[]): Promise<string> => {
  const folder = join(loadConfig().home, "services", name)
  const bin = join(folder, "bin")
  const stamp = sha256(requirements.join("\n"))
  const marker = join(folder, "complete")
  if (contentOf(marker) === stamp) return bin
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  await execute("python3", ["-m", "venv", folder], { timeout: 120_000 })
  await execute(
    join(bin, "python"),
    [
      "-m",
      "pip",
      "install",
      "--quiet",
      "--disable-pip-version-check",
      "--only-binary=:all:",
      ...requirements,
    ],
    { timeout: 600_000, maxBuffer: 1 << 26 },
  )
  writeFileSync(marker, stamp)
  return bin
}

/** Runs a script of this folder with a folder as its argument; what it prints must be JSON. */
export const runScript = async <T>(bin: string, script: string, folder: string): Promise<T> => {
  const { stdout } = await execute(join(bin, "python"), [join(import.meta.dirname, script), folder], {
    timeout: 280_000,
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout) as T
}

const contentOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
