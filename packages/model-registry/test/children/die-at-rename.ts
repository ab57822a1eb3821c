// Registers a model and kills itself where its directory is put in place. Arguments: home, scratch folder, name, before|after.
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { join } from "node:path"
import { openRegistry } from "../../src/open.ts"
import { writeSampleModel } from "../../testing/sample-model.ts"

const [home, scratch, name, when] = process.argv.slice(2)
const { renameSync } = fs
fs.renameSync = (from, to) => {
  const inPlace = String(to).startsWith(join(home, "artifacts", "models"))
  if (inPlace && when === "before") process.kill(process.pid, "SIGKILL")
  renameSync(from, to)
  if (inPlace) process.kill(process.pid, "SIGKILL")
}
syncBuiltinESMExports()

const registry = await openRegistry({ home })
const { directory } = await writeSampleModel(scratch, 1)
await registry.register({ name, directory })
console.log("registered")
