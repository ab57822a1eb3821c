import { randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe } from "vitest"
import type { TrackingStore } from "../src/port.ts"
import { artifactRules } from "./contract/artifacts.ts"
import { batchRules } from "./contract/batches.ts"
import type { ContractContext } from "./contract/context.ts"
import { experimentRules } from "./contract/experiments.ts"
import { runRules } from "./contract/runs.ts"
import { searchRules } from "./contract/searches.ts"

/**
 * The rules of the TrackingStore port, on any adapter. The store may hold other people's experiments: every test makes
 * its own and looks at nothing else.
 */
export const describeTrackingStore = (name: string, factory: () => Promise<TrackingStore>): void => {
  describe(`TrackingStore: ${name}`, () => {
    const use = {
      newExperiment: async (label = "experiment") =>
        (await use.store.createExperiment({ name: `${label} ${randomUUID()}` })).experimentId,
      newRun: async (experimentId, runName = "a run", startTime) =>
        use.store.createRun({
          experimentId: experimentId ?? (await use.newExperiment()),
          runName,
          startTime,
        }),
      found: async (experimentId, filter, orderBy) =>
        (await use.store.searchRuns({ experimentIds: [experimentId], filter, orderBy })).items.map(
          run => run.runName,
        ),
    } as ContractContext
    beforeAll(async () => {
      use.store = await factory()
      use.folder = await mkdtemp(join(tmpdir(), "tracking-contract-"))
    })
    afterAll(async () => {
      await use.store.close()
      await rm(use.folder, { recursive: true, force: true })
    })

    experimentRules(use)
    runRules(use)
    batchRules(use)
    searchRules(use)
    artifactRules(use)
  })
}
