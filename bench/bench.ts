/**
 * `pnpm bench <name> [--json] [--quick] [--write]`: runs bench/<name>/bench.ts and prints its rows and ratios.
 * --write keeps the JSON in bench/results and makes the page in docs/bench from it.
 */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { nearest } from "@roadmap/core/names"
import { toMarkdown, toText } from "./present.ts"
import type { BenchRun } from "./result.ts"

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      write: { type: "boolean", default: false },
    },
  })
  const names = readdirSync(import.meta.dirname).filter(name =>
    existsSync(join(import.meta.dirname, name, "bench.ts")),
  )
  const [name] = positionals
  if (!names.includes(name)) {
    const guess = name && nearest(name, names)
    throw new RoadmapError("UNKNOWN_NAME", name ? `There is no bench "${name}".` : "Which bench?", {
      hint: guess ? `Did you mean "${guess}"?` : `Benches: ${names.join(", ")}.`,
    })
  }
  if (values.write && values.quick)
    throw new RoadmapError("USAGE", "--quick figures are not for keeping.", { hint: "Leave --quick out." })
  const interrupt = new AbortController()
  process.once("SIGINT", () => interrupt.abort(new RoadmapError("INTERRUPTED", "Interrupted.")))
  const { run } = (await import(`./${name}/bench.ts`)) as { run: BenchRun }
  const result = await run({ json: values.json, quick: values.quick, signal: interrupt.signal })
  const document = `${JSON.stringify(result, null, 2)}
`
  if (values.write) {
    await writeFileAtomic(join(import.meta.dirname, "results", `${name}.json`), document)
    await writeFileAtomic(join(import.meta.dirname, "..", "docs", "bench", `${name}.md`), toMarkdown(result))
  }
  process.stdout.write(values.json ? document : toText(result, process.stdout.columns ?? 110))
}

main().catch(error => {
  const known = toRoadmapError(error)
  process.stderr.write(`✖ ${known.code}: ${known.message}${known.hint ? `\n  ${known.hint}` : ""}\n`)
  process.exitCode = known.exitCode
})
