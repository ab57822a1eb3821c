import { spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { Config } from "@roadmap/core/config"
import type { BatchOptions, BatchReport } from "../src/batch/score.ts"

export type RunResult = Omit<BatchReport, "manifest"> & { error?: { code: string; message: string } }

/**
 * Runs a batch in a process of its own. With `killAfterMs` it is killed (SIGKILL) that long after it has started, or after
 * its first partition when `from` says so; undefined is what a killed run gives.
 */
export const runBatchProcess = async (
  config: Config,
  options: BatchOptions,
  kill?: { afterMs: number; from: "start" | "first partition" },
): Promise<RunResult | undefined> => {
  const script = fileURLToPath(new URL("./batch-run.ts", import.meta.url))
  const child = spawn(process.execPath, [script, JSON.stringify({ config, options })], {
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  child.stdout.setEncoding("utf8").on("data", text => {
    output += text
  })
  const die = () => setTimeout(() => child.kill("SIGKILL"), kill!.afterMs)
  if (kill?.from === "start") die()
  child.stderr.once("data", () => {
    if (kill?.from === "first partition") die()
  })
  child.stderr.resume()
  const [, signal] = await once(child, "close")
  return signal === "SIGKILL" ? undefined : JSON.parse(output)
}
