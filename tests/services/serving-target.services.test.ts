/** The ServingTarget port on processes of this machine: the same contract as on Databricks' API. */
import { execFile } from "node:child_process"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { afterAll, beforeAll, expect, it } from "vitest"
import { loadConfig } from "../../packages/core/src/config.ts"
import { roadmapFlavor } from "../../packages/model-registry/src/mlmodel.ts"
import { openRegistry } from "../../packages/model-registry/src/open.ts"
import { localTarget } from "../../packages/serving/src/target/local/target.ts"
import { registerNumbered } from "../../packages/serving/testing/numbered-model.ts"
import { describeServingTarget } from "../../packages/serving/testing/target-contract.ts"

const model = "numbered"
let home: string

const makeHome = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), "serving-target-"))
  const registry = await openRegistry({ home: folder })
  try {
    for (let version = 1; version <= 3; version++) await registerNumbered(registry, folder, model)
    await registerNumbered(registry, folder, model, { flavors: roadmapFlavor("a loader of tomorrow", 9) })
  } finally {
    await registry.close()
  }
  return folder
}
const configOf = (folder: string) => loadConfig({ ROADMAP_HOME: folder })

beforeAll(async () => {
  home = await makeHome()
})
afterAll(() => rm(home, { recursive: true, force: true }))

describeServingTarget("local processes", async () => {
  const folder = await makeHome()
  return {
    target: localTarget(configOf(folder)),
    model,
    rows: { columns: ["x"], data: [[1], [2]] },
    refusedRows: { columns: ["x"], data: [["not a number"]] },
    close: () => rm(folder, { recursive: true, force: true }),
  }
})

const endpoint = {
  name: "late",
  entities: [{ name: "v1", model, version: 1 }],
  traffic: { v1: 100 },
}
const processes = async (): Promise<string[]> => {
  const { stdout } = await promisify(execFile)("ps", ["-eo", "pid,args"])
  return stdout.split("\n").filter(line => line.includes("endpoint-process.ts"))
}

it("no process is left when the target is closed", async () => {
  const before = await processes()
  const target = localTarget(configOf(home))
  await target.create(endpoint)
  await target.waitUntilReady("late")
  expect((await processes()).length).toBe(before.length + 1)
  await target.close()
  expect(await processes()).toEqual(before)
})

it("an endpoint whose process was killed says so, and an update brings it back", async () => {
  const before = await processes()
  const target = localTarget(configOf(home))
  try {
    await target.create(endpoint)
    await target.waitUntilReady("late")
    const [started] = (await processes()).filter(line => !before.includes(line))
    process.kill(Number.parseInt(started, 10), "SIGKILL")
    await expect.poll(async () => (await target.get("late")).ready).toBe(false)
    expect((await target.get("late")).message).toContain("SIGKILL")
    const rows = { columns: ["x"], data: [[1]] }
    await expect(target.query("late", rows)).rejects.toMatchObject({ code: "UNREACHABLE" })
    await target.update("late", endpoint)
    await target.waitUntilReady("late")
    expect((await target.query("late", rows)).predictions).toHaveLength(1)
  } finally {
    await target.close()
  }
})

it("endpoints end with the program that made them, also when it is killed", async () => {
  const before = await processes()
  const script = `
    import { localTarget } from ${JSON.stringify(new URL("../../packages/serving/src/target/local/target.ts", import.meta.url).href)}
    const target = localTarget(${JSON.stringify(configOf(home))})
    await target.create(${JSON.stringify(endpoint)})
    await target.waitUntilReady("late")
    process.kill(process.pid, "SIGKILL")
  `
  await promisify(execFile)(process.execPath, ["--input-type=module-typescript", "-e", script]).catch(
    () => undefined,
  )
  for (let i = 0; i < 100 && (await processes()).length > before.length; i++) await delay(100)
  expect(await processes()).toEqual(before)
})
