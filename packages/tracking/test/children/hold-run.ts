// Starts a run, logs into it, says so, and waits to be killed. Arguments: home.
import { openTracking } from "../../src/open.ts"
import { withRun } from "../../src/run-recorder.ts"

const store = await openTracking({ home: process.argv[2] })
await withRun(store, { experiment: "held", runName: "held" }, async run => {
  await run.metric("progress", 0.5)
  await run.flush()
  console.log(run.runId)
  await new Promise(resolve => setTimeout(resolve, 60_000))
})
