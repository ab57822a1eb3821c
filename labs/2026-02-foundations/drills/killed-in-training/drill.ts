import { cp } from "node:fs/promises"
import { join } from "node:path"
import { type DrillPlace, defineDrill } from "@roadmap/labkit/drills/drill"
import { roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import { openTracking } from "@roadmap/tracking/open"
import { candidates } from "../../src/models.ts"
import { experiment } from "../../src/train.ts"
import { grade, observe, type State } from "./state.ts"
import { homeBeforeTonight, run, runUntilKilled, tonight } from "./training.ts"

export default defineDrill<State>({
  id: "killed-in-training",
  title: "A night cut short",
  // Of the first seeds the one whose kill hits the longest training: delay-boosting.
  seed: 5,
  targetMinutes: 10,
  async prepare(place) {
    await cp(await homeBeforeTonight(place), place.home, { recursive: true })
  },
  // The kill hits one of the candidates after the first: something is finished, and something is not.
  break: place => runUntilKilled(place, 2 + place.random.fork("model").integer(candidates.length - 1)),
  observe,
  grade,
  causes: {
    killed: "the process was killed while it trained",
    data: "tonight's flights broke the contract",
    gate: "no candidate beat the baseline, so nothing was registered",
    registry: "the registry lost tonight's versions",
  },
  cause: "killed",
  recoveries: {
    right: place => run(place, tonight),
    wrong: {
      async "deletes everything and runs again"(place) {
        await place.roadmap("clean", "--yes")
        await run(place, tonight)
      },
      "trains again what was trained": place => run(place, tonight, "--force"),
      "makes the morning look right by hand": mendByHand,
    },
  },
  passed:
    "Every finished model was a checkpoint, so the same command went on with the one that was cut off. Registering comes last and is one atomic step: there was no moment at which half a model could have been served.",
})

/** Calls the cut-off run finished, and registers and promotes a model that was there. */
async function mendByHand(place: DrillPlace): Promise<void> {
  const store = await openTracking(place.config)
  const registry = await openRegistry(place.config)
  try {
    const { experimentId } = await store.getExperimentByName(experiment)
    const { items: runs } = await store.searchRuns({
      experimentIds: [experimentId],
      filter: `params.sample = '${tonight}'`,
    })
    const cutOff = runs.find(one => one.status !== "FINISHED")!
    await store.updateRun(cutOff.runId, { status: "FINISHED" })

    const { runId } = runs.find(one => one.runName === "delay-constant")!
    const directory = join(place.home, "by-hand")
    await writeModel(directory, {
      flavors: roadmapFlavor("@roadmap/ml", 1),
      files: { "model.bin": await store.readArtifact(runId, "model.bin") },
      signature: {
        inputs: [{ name: "distance", type: "double", required: true }],
        outputs: [{ name: "delay", type: "double", required: true }],
      },
    })
    const { version } = await registry.register({ name: "flight-delay", directory, lineage: { runId } })
    await registry.setAlias("flight-delay", "champion", version)
  } finally {
    await registry.close()
    await store.close()
  }
}
