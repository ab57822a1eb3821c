/**
 * docs/contracts.md: how many contract tests each adapter of each port passed. A contract suite names its tests
 * `<Port>: <adapter> …`; a test command counts its own adapters and compares them with the page, or writes them.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"

const page = join(import.meta.dirname, "..", "docs", "contracts.md")

export interface NamedResult {
  /** The names of the suites around the test, outermost first. */
  ancestorTitles: readonly string[]
  status: string
}

export interface ContractRow {
  port: string
  adapter: string
  command: string
  tests: number
  passed: number
}

/** Counts the contract tests among the results, one row for each port and adapter. */
export const contractRows = (results: readonly NamedResult[], command: string): ContractRow[] => {
  const rows = new Map<string, ContractRow>()
  for (const { ancestorTitles, status } of results) {
    const [, port, adapter] = /^([A-Z][A-Za-z]+): (.+)$/.exec(ancestorTitles[0] ?? "") ?? []
    if (!port) continue
    const row = rows.get(`${port} ${adapter}`) ?? { port, adapter, command, tests: 0, passed: 0 }
    row.tests++
    if (status === "passed") row.passed++
    rows.set(`${port} ${adapter}`, row)
  }
  return [...rows.values()]
}

const head = `# Contract tests

Each port has one contract suite; every adapter runs the whole suite. This table is written by the runs themselves
(\`pnpm test --write\`, \`pnpm test:services --write\`), and a run whose counts differ from it fails.

| port | adapter | command | contract tests | passed |
|---|---|---|---|---|
`

const line = ({ port, adapter, command, tests, passed }: ContractRow): string =>
  `| ${port} | ${adapter} | \`pnpm ${command}\` | ${tests} | ${passed} |`

/** The page with a command's rows replaced by new ones. */
export const contractsPage = (before: string, rows: readonly ContractRow[], command: string): string => {
  const kept = before
    .split("\n")
    .filter(text => /^\| [A-Z]/.test(text) && !text.includes(`| \`pnpm ${command}\` |`))
  return `${head}${[...kept, ...rows.map(line)].sort().join("\n")}\n`
}

/** Writes the page, or says whether it holds. */
export const keepContracts = (rows: readonly ContractRow[], command: string, write: boolean): boolean => {
  const before = existsSync(page) ? readFileSync(page, "utf8") : ""
  const after = contractsPage(before, rows, command)
  if (before === after) return true
  if (write) writeFileSync(page, after)
  else
    console.log(
      `docs/contracts.md differs from this run, which counted:\n${rows.map(line).join("\n")}\nWrite it with: pnpm ${command} --write`,
    )
  return write
}
