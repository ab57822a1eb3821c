import { expect, test } from "vitest"
import { contractRows, contractsPage } from "./contracts.ts"

const result = (suite: string, status = "passed") => ({ ancestorTitles: [suite, "inner"], status })

test("contract tests are counted by port and adapter, and others are not", () => {
  const results = [
    result("TrackingStore: SQLite"),
    result("TrackingStore: SQLite", "failed"),
    result("SqlEngine: DuckDB"),
    result("a plain suite"),
    { ancestorTitles: [], status: "passed" },
  ]
  expect(contractRows(results, "test")).toEqual([
    { port: "TrackingStore", adapter: "SQLite", command: "test", tests: 2, passed: 1 },
    { port: "SqlEngine", adapter: "DuckDB", command: "test", tests: 1, passed: 1 },
  ])
})

test("the page keeps the rows of the other command and drops adapters that are gone", () => {
  const first = contractsPage("", contractRows([result("Log: One"), result("Index: Two")], "test"), "test")
  const both = contractsPage(first, contractRows([result("Log: Real")], "test:services"), "test:services")
  const later = contractsPage(both, contractRows([result("Log: One"), result("Log: One")], "test"), "test")
  expect(later.split("\n").filter(line => line.startsWith("| Log") || line.startsWith("| Index"))).toEqual([
    "| Log | One | `pnpm test` | 2 | 2 |",
    "| Log | Real | `pnpm test:services` | 1 | 1 |",
  ])
})
