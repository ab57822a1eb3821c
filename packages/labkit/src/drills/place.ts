import { spawn } from "node:child_process"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { createRandom } from "@roadmap/core/random"
import type { CommandResult, DrillPlace } from "./drill.ts"

/** The place of a drill at `home`. Its configuration has no variable but the home: embedded adapters, whatever is set outside. */
export const createPlace = (options: {
  root: string
  home: string
  name: string
  seed: number
  signal: AbortSignal
}): DrillPlace => {
  const { root, home, name, seed, signal } = options
  return {
    root,
    home,
    seed,
    signal,
    config: loadConfig({ ROADMAP_HOME: home }),
    random: createRandom(seed).fork(name),
    roadmap: (...args) => runRoadmap(root, home, args, signal),
  }
}

const runRoadmap = (
  root: string,
  home: string,
  args: string[],
  signal: AbortSignal,
): Promise<CommandResult> =>
  new Promise((resolve, reject) => {
    const command = join(root, "packages", "cli", "bin", "roadmap.js")
    const child = spawn(process.execPath, [command, ...args], {
      env: { ROADMAP_HOME: home, NO_COLOR: "1", CI: "1" },
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
      signal,
    })
    let stdout = ""
    let stderr = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", reject)
    child.on("close", code => resolve({ exitCode: code ?? 1, stdout, stderr }))
  })
