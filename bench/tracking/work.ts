/** One measured piece of work in a process of its own. Argument: JSON of Work; prints { "seconds" }. */
import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openTracking } from "@roadmap/tracking/open"
import type { TrackingStore } from "@roadmap/tracking/port"
import { experimentIdOf } from "@roadmap/tracking/run-recorder"

export interface Work {
  /** Address of an MLflow server; absent: the embedded store. */
  server?: string
  /** Metric points to log, so many a call. */
  metrics?: number
  batch?: number
  /** A file to upload as an artifact. */
  upload?: string
}

const logPoints = async (store: TrackingStore, runId: string, count: number, batch: number) => {
  for (let start = 0; start < count; start += batch) {
    const metrics = Array.from({ length: Math.min(batch, count - start) }, (_, i) => {
      const step = start + i
      return { key: "loss", value: 1 / (step + 1), timestamp: 1_000 + step, step }
    })
    await store.logBatch(runId, { metrics })
  }
}

const { server, metrics = 0, batch = 1_000, upload } = JSON.parse(process.argv[2]) as Work
const home = await mkdtemp(join(tmpdir(), "roadmap-bench-"))
const store = await openTracking({ home, ...(server && { mlflow: { trackingUri: server } }) })
try {
  const experimentId = await experimentIdOf(store, "bench")
  const newRun = async () => (await store.createRun({ experimentId, runName: "bench" })).runId
  await logPoints(store, await newRun(), 100, 100)
  const runId = await newRun()
  const started = performance.now()
  await logPoints(store, runId, metrics, batch)
  if (upload !== undefined && existsSync(upload))
    await store.logArtifact(runId, "upload.bin", { file: upload })
  process.stdout.write(JSON.stringify({ seconds: (performance.now() - started) / 1000 }))
} finally {
  await store.close()
  await rm(home, { recursive: true, force: true })
}
