/** One load run in a process of its own. Argument: its options as JSON. Prints the report. */
import { runLoad } from "@roadmap/serving/load/run"

process.stdout.write(JSON.stringify(await runLoad(JSON.parse(process.argv[2]))))
