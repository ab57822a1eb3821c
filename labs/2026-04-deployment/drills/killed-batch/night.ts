/** The nightly job, killed with SIGKILL when it has scored a part: ROADMAP_HOME=… node night.ts ROWS */
import { loadConfig } from "@roadmap/core/config"
import { scoreFlights } from "./job.ts"

const rows = Number(process.argv[2])
await scoreFlights(loadConfig(), {
  onProgress({ done }) {
    if (done >= rows) process.kill(process.pid, "SIGKILL")
  },
})
