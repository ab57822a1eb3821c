/** Reloads a model 100 times, scoring with each in this thread and in another; prints memory after 20 and after 100. */
import { loadServedModel } from "../../src/model/served.ts"
import { createBatcher } from "../../src/operate/batcher.ts"
import { watchAliases } from "../../src/operate/reload.ts"
import { createModelSlot } from "../../src/operate/slot.ts"
import { openScoringPool } from "../../src/operate/workers.ts"
import { boostingOf, featuresOf, modelName, openVersions } from "./versions.ts"

const store = await openVersions()
for (const version of [1, 2]) await store.register(await boostingOf(version))
await store.registry.setAlias(modelName, "champion", 1)

const pool = openScoringPool({
  loader: new URL("../../src/model/load-folder.ts", import.meta.url),
  workers: 1,
})
const load = async (reference: string) => {
  const served = await loadServedModel(store.registry, reference)
  return {
    served,
    batcher: createBatcher({ model: served }),
    threads: createBatcher({ model: served, pool, maxRows: 1 }),
  }
}
const slot = createModelSlot(await load(`${modelName}@champion`), async ({ served }) => {
  pool.forget(served.folder)
  await served.close()
})
let reloads = 0
const watch = watchAliases({
  registry: store.registry,
  entries: [{ reference: `${modelName}@champion`, slot }],
  load,
  intervalMs: 3_600_000,
  onReload: () => {
    reloads++
  },
})

const used = async (): Promise<number> => {
  // What finalisers free needs a turn or two.
  for (let i = 0; i < 5; i++) {
    globalThis.gc?.()
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}
let before = 0
for (let round = 1; round <= 100; round++) {
  await store.registry.setAlias(modelName, "champion", 1 + (round % 2))
  await watch.check()
  const { batcher, threads } = slot.current()
  await batcher.predict(featuresOf(1))
  await batcher.predict(featuresOf(600))
  await threads.predict(featuresOf(8))
  if (round === 20) before = await used()
}
const after = await used()
await watch.stop()
await pool.close()
await store.close()
console.log(JSON.stringify({ before, after, reloads }))
