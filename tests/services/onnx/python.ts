import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"

const execute = promisify(execFile)

/** Runs a script of this folder with a folder as its argument; what it prints must be JSON. */
export const runScript = async <T>(bin: string, script: string, folder: string): Promise<T> => {
  const { stdout } = await execute(join(bin, "python"), [join(import.meta.dirname, script), folder], {
    timeout: 280_000,
    maxBuffer: 1 << 26,
  })
  return JSON.parse(stdout) as T
}
