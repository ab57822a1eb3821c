// Logs batches of 100 metrics into a run, batch i at step i. Arguments: home, run id, metric key, batches (0: without end).
import { openTracking } from "../../src/open.ts"

const [home, runId, key, batches] = process.argv.slice(2)
const store = await openTracking({ home })
for (let step = 0; step < Number(batches) || batches === "0"; step++) {
  const metrics = Array.from({ length: 100 }, (_, i) => ({ key, value: i, timestamp: i, step }))
  await store.logBatch(runId, { metrics })
  if (step === 0) console.log("logged")
  if (batches === "0")
    await store.logArtifact(runId, "state.bin", { bytes: new Uint8Array(50_000).fill(step & 255) })
}
await store.close()
