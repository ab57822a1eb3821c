import { randomUUID } from "node:crypto"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openRegistry } from "../src/open.ts"
import type { ModelRegistry } from "../src/port.ts"
import { describeModelRegistry } from "../testing/contract.ts"
import { writeSampleModel } from "../testing/sample-model.ts"
import { type StandIn, startUnityCatalogStandIn } from "../testing/unity-catalog-stand-in.ts"

const token = "dapi-test"
const home = mkdtempSync(join(tmpdir(), "unity-"))
let standIn: StandIn
beforeAll(async () => {
  standIn = await startUnityCatalogStandIn(token)
})
afterAll(async () => {
  await standIn.close()
  rmSync(home, { recursive: true })
})

const open = (secret = token): Promise<ModelRegistry> =>
  openRegistry(
    loadConfig({
      ROADMAP_HOME: home,
      MLFLOW_TRACKING_URI: "databricks",
      MLFLOW_REGISTRY_URI: "databricks-uc",
      DATABRICKS_HOST: standIn.url,
      DATABRICKS_TOKEN: secret,
    }),
  )

describeModelRegistry(
  "Unity Catalog (stand-in)",
  async () => ({ registry: await open(), newRun: async () => randomUUID().replaceAll("-", "") }),
  text => `main.flights.${text}`,
)

describe("a registry in Unity Catalog", () => {
  it.each(["flight-delay", "main.flight_delay", "a..b", "a.b.c.d"])("refuses the name %s", async name => {
    const registry = await open()
    await expect(registry.createModel({ name })).rejects.toMatchObject({ code: "INVALID_INPUT" })
    const { directory } = await writeSampleModel(home, 1)
    await expect(registry.register({ name, directory })).rejects.toMatchObject({ code: "INVALID_INPUT" })
    await registry.close()
  })
  it("with a wrong token is AUTH_FAILED, and the token is in no message", async () => {
    const registry = await open("dapi-wrong")
    await expect(registry.getModel("main.flights.m")).rejects.toSatisfy(
      error =>
        error.code === "AUTH_FAILED" &&
        !`${error.message} ${error.hint} ${error.stack}`.includes("dapi-wrong"),
    )
    await registry.close()
  })
  it("that does not take files through the Files API is ADAPTER_MISSING, and registers nothing", async () => {
    standIn.filesApi = false
    const registry = await open()
    const { directory } = await writeSampleModel(home, 1)
    const name = "main.flights.no_files"
    await expect(registry.register({ name, directory })).rejects.toMatchObject({ code: "ADAPTER_MISSING" })
    await expect(registry.getModel(name)).rejects.toMatchObject({ code: "NOT_FOUND" })
    standIn.filesApi = true
    await registry.close()
  })
})
