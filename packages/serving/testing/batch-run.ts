/** One batch run in a process of its own, to be killed: config and options as JSON; prints its report, or its error. */
import type { Config } from "@roadmap/core/config"
import { toRoadmapError } from "@roadmap/core/errors"
import { type BatchOptions, scoreBatch } from "../src/batch/score.ts"

const { config, options } = JSON.parse(process.argv[2]) as { config: Config; options: BatchOptions }
try {
  const { manifest: _, ...report } = await scoreBatch(config, options, {
    onProgress: ({ done }) => process.stderr.write(`${done}\n`),
  })
  process.stdout.write(JSON.stringify(report))
} catch (error) {
  const { code, message } = toRoadmapError(error)
  process.stdout.write(JSON.stringify({ error: { code, message } }))
}
