import type { ErrorCode } from "@roadmap/core/errors"
import { expect } from "vitest"
import type { Batch, Run, TrackingStore } from "../../src/port.ts"

/** What the rules are tried on; filled before the first test. */
export interface ContractContext {
  store: TrackingStore
  /** A local folder for files. */
  folder: string
  newExperiment(label?: string): Promise<string>
  newRun(experimentId?: string, runName?: string, startTime?: number): Promise<Run>
  /** The names of the runs that a search finds, in its order. */
  found(experimentId: string, filter: string, orderBy?: string[]): Promise<string[]>
}

export const refused = async (code: ErrorCode, answer: Promise<unknown>): Promise<void> => {
  await expect(answer).rejects.toMatchObject({ name: "RoadmapError", code })
}

/** A batch with one bad item among good ones is refused, and none of it is written. */
export const refusedWhole = async (
  store: TrackingStore,
  runId: string,
  code: ErrorCode,
  batch: Batch,
): Promise<void> => {
  const whole = {
    metrics: [{ key: "good", value: 1 }, ...(batch.metrics ?? [])],
    params: { good: "1", ...batch.params },
    tags: { good: "1", ...batch.tags },
  }
  await refused(code, store.logBatch(runId, whole))
  const run = await store.getRun(runId)
  expect([run.metrics, run.params, run.tags.good]).toEqual([{}, {}, undefined])
}
