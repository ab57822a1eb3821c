/** `pnpm bench <name> [--json] [--quick]`: runs bench/<name>/bench.ts and prints its rows and ratios. */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import { formatNumber } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import type { BenchResult, BenchRun } from "./result.ts"

const main = async (): Promise<void> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: "boolean", default: false }, quick: { type: "boolean", default: false } },
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
  const interrupt = new AbortController()
  process.once("SIGINT", () => interrupt.abort(new RoadmapError("INTERRUPTED", "Interrupted.")))
  const { run } = (await import(`./${name}/bench.ts`)) as { run: BenchRun }
  const result = await run({ json: values.json, quick: values.quick, signal: interrupt.signal })
  process.stdout.write(values.json ? `${JSON.stringify(result, null, 2)}\n` : toText(result))
}

const toText = ({ bench, machine, rows, ratios }: BenchResult): string => {
  const width = process.stdout.columns ?? 110
  return [
    `${bench}: ${Object.values(machine).join(", ")}`,
    textTable(
      {
        columns: [
          { label: "system" },
          { label: "metric" },
          { label: "value", align: "right" },
          { label: "unit" },
        ],
        rows: rows.map(row => [row.system, row.metric, formatNumber(row.value), row.unit]),
      },
      { width },
    ),
    textTable(
      {
        columns: [{ label: "ratio to the peer, below 1 is better" }, { label: "", align: "right" }],
        rows: Object.entries(ratios).map(([name, value]) => [name, value.toFixed(2)]),
      },
      { width },
    ),
    "",
  ].join("\n\n")
}

main().catch(error => {
  const known = toRoadmapError(error)
  process.stderr.write(`✖ ${known.code}: ${known.message}${known.hint ? `\n  ${known.hint}` : ""}\n`)
  process.exitCode = known.exitCode
})
