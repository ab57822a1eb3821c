import { formatNumber } from "@roadmap/report/format"
import { type DataTable, markdownTable, textTable } from "@roadmap/report/table"
import type { BenchResult } from "./result.ts"

/** One row a metric, one column a system. */
const valueTable = ({ rows }: BenchResult): DataTable => {
  const systems = [...new Set(rows.map(row => row.system))]
  const metrics = [...new Set(rows.map(row => `${row.metric}\0${row.unit}`))].map(key => key.split("\0"))
  return {
    columns: [
      { label: "metric" },
      { label: "unit" },
      ...systems.map(label => ({ label, align: "right" as const })),
    ],
    rows: metrics.map(([metric, unit]) => [
      metric,
      unit,
      ...systems.map(system => {
        const found = rows.find(row => row.system === system && row.metric === metric && row.unit === unit)
        return found ? formatNumber(found.value) : null
      }),
    ]),
  }
}

const ratioTable = ({ ratios }: BenchResult): DataTable => ({
  columns: [{ label: "ratio to the peer (below 1 is better)" }, { label: "value", align: "right" }],
  rows: Object.entries(ratios).map(([name, value]) => [name, value.toFixed(2)]),
})

const machineText = ({ machine }: BenchResult): string =>
  `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}`

export const toText = (result: BenchResult, width: number): string =>
  [
    `${result.bench}: ${machineText(result)}`,
    textTable(valueTable(result), { width }),
    textTable(ratioTable(result), { width }),
    "",
  ].join("\n\n")

/** A page for docs/bench, made from the JSON alone. */
export const toMarkdown = (result: BenchResult): string =>
  [
    `# Bench: ${result.bench}`,
    `Written by \`npx -y pnpm@12 bench ${result.bench} --write\`: all systems on the same work, in one run.`,
    `Machine: ${machineText(result)}. Absolute times are those of this machine; the ratios are what to read.`,
    markdownTable(ratioTable(result)),
    markdownTable(valueTable(result)),
    "",
  ].join("\n\n")
