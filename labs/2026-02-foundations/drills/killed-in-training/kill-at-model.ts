/**
 * Preloaded into `roadmap run feb` by the drill: the process dies (SIGKILL) in the moment it would put its n-th trained
 * model into the tracking store, `?model=n`. A kill by the clock would hit another line each time.
 */
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"

const fatal = Number(new URL(import.meta.url).searchParams.get("model"))
const rename = fs.renameSync
let models = 0

fs.renameSync = (from, to) => {
  if (String(to).endsWith("model.bin") && ++models === fatal) process.kill(process.pid, "SIGKILL")
  rename(from, to)
}
syncBuiltinESMExports()
