import { type SpawnOptions, spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"

export interface Measured {
  seconds: number
  /** Highest resident memory of the process, MiB; NaN where /proc does not tell. */
  peakMiB: number
  stdout: string
}

const pollMs = 20

/** Runs a program to its end; wall time and peak memory from outside. Throws INTERNAL with its last words when it fails. */
export const measure = (
  program: string,
  args: readonly string[],
  options: SpawnOptions & { signal?: AbortSignal } = {},
): Promise<Measured> =>
  new Promise((resolve, reject) => {
    const started = performance.now()
    const child = spawn(program, args, { ...options, stdio: ["ignore", "pipe", "pipe"] })
    let peakMiB = Number.NaN
    const poll = setInterval(() => {
      peakMiB = highWater(child.pid) ?? peakMiB
    }, pollMs)
    let stdout = ""
    let stderr = ""
    child.stdout!.setEncoding("utf8").on("data", text => {
      stdout += text
    })
    child.stderr!.setEncoding("utf8").on("data", text => {
      stderr = (stderr + text).slice(-2_000)
    })
    child.once("error", reject)
    child.once("close", code => {
      clearInterval(poll)
      const seconds = (performance.now() - started) / 1000
      if (code === 0) resolve({ seconds, peakMiB, stdout })
      else reject(new RoadmapError("INTERNAL", `${program} ${args.join(" ")} ended with ${code}:\n${stderr}`))
    })
  })

/** VmHWM of proc_pid_status(5): it only rises, so the last reading is the peak. */
const highWater = (pid: number | undefined): number | undefined => {
  try {
    const kibibytes = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]
    return kibibytes === undefined ? undefined : Number(kibibytes) / 1024
  } catch {
    return undefined
  }
}

/** Python of a virtual environment with exactly these packages, made once below `home`. */
export const pythonWith = async (home: string, requirements: readonly string[]): Promise<string> => {
  const folder = join(home, "bench", `venv-${sha256(requirements.join("\n")).slice(0, 12)}`)
  const python = join(folder, "bin", "python")
  const finished = join(folder, "installed")
  if (existsSync(finished)) return python
  await mkdir(join(home, "bench"), { recursive: true })
  process.stderr.write(`Installing ${requirements.join(", ")} …\n`)
  await measure("python3", ["-m", "venv", "--clear", folder])
  await measure(python, ["-m", "pip", "install", "--quiet", "--only-binary=:all:", ...requirements])
  await writeFile(finished, requirements.join("\n"))
  return python
}
