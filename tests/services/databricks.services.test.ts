import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { roadmap } from "../../packages/cli/testing/command.ts"
import { describeSqlEngine } from "../../packages/warehouse/testing/contract.ts"
import { describeFaults } from "./databricks/describe-faults.ts"
import { engineUnderTest } from "./databricks/engine.ts"
import { type RunningWarehouse, startWarehouse } from "./databricks/warehouse.ts"

let warehouse: RunningWarehouse
beforeAll(async () => {
  warehouse = await startWarehouse()
})
afterAll(() => warehouse?.stop())

describeSqlEngine("Databricks SQL (Spark and Delta behind the Thrift front)", () =>
  engineUnderTest(warehouse),
)

describeFaults(() => warehouse)

describe("roadmap doctor databricks", () => {
  const home = mkdtempSync(join(tmpdir(), "doctor-"))
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  it("finds all well on the stand-in, volumes apart, and cleans up", async () => {
    const { code, stdout } = await roadmap(home, ["doctor", "databricks", "--json"], {
      env: warehouse.variables,
    })
    const found: { check: string; status: string }[] = JSON.parse(stdout).databricks
    expect(found.filter(({ status }) => status !== "ok")).toMatchObject([
      { check: "volume", status: "absent" },
    ])
    expect(found.at(-1)).toMatchObject({ check: "drop schema", status: "ok" })
    expect(code).toBe(0)
  })

  it("says what is wrong with a token, with exit code 2", async () => {
    const env = { ...warehouse.variables, DATABRICKS_TOKEN: "not-the-token" }
    const { code, stdout } = await roadmap(home, ["doctor", "databricks", "--json"], { env })
    expect(JSON.parse(stdout).error.code).toBe("AUTH_FAILED")
    expect(stdout).not.toContain("not-the-token")
    expect(code).toBe(2)
  })

  it("has exit code 3 when nobody answers", async () => {
    const env = { ...warehouse.variables, DATABRICKS_HOST: "https://localhost:1" }
    const { code } = await roadmap(home, ["doctor", "databricks"], { env })
    expect(code).toBe(3)
  })
})
