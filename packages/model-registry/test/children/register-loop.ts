// Registers models under one name. Arguments: home, scratch folder, name, first seed, count (0: without end), run id.
import { openRegistry } from "../../src/open.ts"
import { writeSampleModel } from "../../testing/sample-model.ts"

const [home, scratch, name, first, count, runId] = process.argv.slice(2)
const registry = await openRegistry({ home })
console.log("started")
for (let i = 0; i < Number(count) || count === "0"; i++) {
  const { directory } = await writeSampleModel(scratch, Number(first) + i)
  const { version } = await registry.register({ name, directory, lineage: { runId } })
  await registry.setAlias(name, "newest", version)
  console.log("registered")
}
await registry.close()
