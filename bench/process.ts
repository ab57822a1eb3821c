import { type SpawnOptions, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { preparePython } from "@roadmap/services/python"

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
  const onProgress = (line: string) => process.stderr.write(`${line}\n`)
  return (await preparePython({ requirements, folder: join(home, "bench"), onProgress })).python
}
