import { allPages } from "./page.ts"
import type { TrackingStore } from "./port.ts"
import { processState } from "./process-owner.ts"

/** The tag that holds the process of a run (process-owner.ts): written by `withRun`. */
export const ownerTag = "roadmap.owner"

/**
 * Ends, as KILLED, every RUNNING run whose owning process was on this machine and is gone. The end time is now: when
 * it died is not known. Runs without an owner tag, or of another machine, are left alone. Returns the run ids.
 */
export const endAbandonedRuns = async (store: TrackingStore): Promise<string[]> => {
  const experiments = await allPages(pageToken => store.searchExperiments({ pageToken }))
  const running = await allPages(pageToken =>
    store.searchRuns({
      experimentIds: experiments.map(experiment => experiment.experimentId),
      filter: `attributes.status = 'RUNNING' and tags.\`${ownerTag}\` IS NOT NULL`,
      pageToken,
    }),
  )
  const abandoned = running.filter(run => processState(run.tags[ownerTag]) === "dead").map(run => run.runId)
  for (const runId of abandoned) {
    await store.logBatch(runId, { tags: { "roadmap.ended_because": "its process was gone" } })
    await store.endRun(runId, "KILLED")
  }
  return abandoned
}
