import { chmod, mkdir, mkdtemp, open, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { DatabaseSync } from "node:sqlite"
import { isRoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"
import { afterEach, beforeEach, describe, expect, it } from "vitest"
import { sqliteTrackingStore } from "../src/adapters/sqlite.ts"
import { openTracking } from "../src/open.ts"
import { openStateFile, type StateFileOptions } from "../src/state-file.ts"
import { mountSmall, startChild, unmount } from "../testing/child.ts"

const openStore = new URL("./children/open-store.ts", import.meta.url)

let home: string
let path: string
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "tracking-state-"))
  path = join(home, "state", "tracking.sqlite")
})
afterEach(async () => {
  await rm(home, { recursive: true, force: true })
})
const filledStore = async () => {
  const store = await openTracking({ home })
  const { experimentId } = await store.createExperiment({ name: "filled" })
  const { runId } = await store.createRun({ experimentId, runName: "filled" })
  for (let step = 0; step < 20; step++)
    await store.logBatch(runId, {
      metrics: Array.from({ length: 1_000 }, (_, i) => ({ key: `m${i}`, value: i, step })),
    })
  return { store, runId, experimentId }
}

describe("the tracking file", () => {
  it("that is no SQLite file is STATE_CORRUPT, with what to do", async () => {
    await mkdir(join(home, "state"))
    await writeFile(path, "this is not a database, but long enough to look like one ".repeat(40))
    await expect(openTracking({ home })).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringContaining(path),
      hint: expect.stringContaining("roadmap clean"),
    })
  })
  it("with damaged pages is STATE_CORRUPT where they are met", async () => {
    const { store } = await filledStore()
    await store.close()
    const size = (await stat(path)).size
    const file = await open(path, "r+")
    await file.write(Buffer.alloc(size - 4_096, 0xa5), 0, size - 4_096, 4_096)
    await file.close()
    await expect(openTracking({ home })).rejects.toMatchObject({ code: "STATE_CORRUPT" })
  })
  it("cut to half is STATE_CORRUPT", async () => {
    const { store } = await filledStore()
    await store.close()
    await writeFile(path, (await readFile(path)).subarray(0, (await stat(path)).size / 2))
    const work = async () => {
      const cut = await openTracking({ home })
      await cut.searchRuns({ experimentIds: ["1"] })
    }
    await expect(work()).rejects.toMatchObject({ code: "STATE_CORRUPT" })
  })
  it("of a newer version is refused, naming both versions, and not touched", async () => {
    await (await openTracking({ home })).close()
    const database = new DatabaseSync(path)
    database.exec("pragma user_version = 99")
    database.close()
    const before = sha256(await readFile(path))
    await expect(openTracking({ home })).rejects.toMatchObject({
      code: "STATE_VERSION",
      message: expect.stringMatching(/schema 99.*up to 1/),
    })
    expect(sha256(await readFile(path))).toBe(before)
  })
  it("of another program is STATE_CORRUPT", async () => {
    await mkdir(join(home, "state"))
    const database = new DatabaseSync(path)
    database.exec("pragma application_id = 77; create table t (x)")
    database.close()
    await expect(openTracking({ home })).rejects.toMatchObject({
      code: "STATE_CORRUPT",
      message: expect.stringContaining("not a tracking file"),
    })
  })
  it("held by a writer that does not end is STATE_LOCKED and may be tried again", async () => {
    const options = stateOptions(path)
    const file = openStateFile(options)
    const other = new DatabaseSync(path)
    other.exec("begin immediate")
    expect(() => file.write(() => undefined)).toThrowError(
      expect.objectContaining({ code: "STATE_LOCKED", retryable: true }),
    )
    other.exec("rollback")
    file.write(() => file.run("insert into t values (1)"))
    expect(file.get("select count(*) as n from t")).toEqual({ n: 1 })
    file.close()
    other.close()
  })
  it("moves an older schema forward, keeping its rows", () => {
    const options = stateOptions(path)
    const old = openStateFile(options)
    old.run("insert into t values (1)")
    old.close()
    const migrations = [...options.migrations, "alter table t add column y integer not null default 5"]
    const file = openStateFile({ ...options, migrations })
    expect(file.get("select * from t")).toEqual({ x: 1, y: 5 })
    file.close()
  })
  it("keeps nothing of a transaction that throws", () => {
    const file = openStateFile(stateOptions(path))
    expect(() =>
      file.write(() => {
        file.run("insert into t values (1)")
        throw new Error("stop")
      }),
    ).toThrowError("stop")
    expect(file.all("select * from t")).toEqual([])
    file.close()
  })
  it("is opened first by two processes at once", async () => {
    const answers = await Promise.all([1, 2, 3].map(() => startChild(openStore, [home]).line()))
    const codes = answers.map(answer => (answer === "opened" ? answer : JSON.parse(answer).code))
    expect(codes.sort()).toEqual(["ALREADY_EXISTS", "ALREADY_EXISTS", "opened"])
  })
  it("is opened without a word on standard error", async () => {
    const child = startChild(openStore, [home])
    expect(await child.line()).toBe("opened")
    expect(await child.ended).toEqual({ code: 0, signal: null, errors: "" })
  })
})

describe("a home that cannot be written", () => {
  it("because it is read only is PERMISSION", async () => {
    await chmod(home, 0o555)
    const child = startChild(openStore, [home], { unprivileged: true })
    expect(JSON.parse(await child.line())).toMatchObject({ code: "PERMISSION", hint: expect.any(String) })
  })
  it("because its file belongs to someone else is PERMISSION", async () => {
    await (await openTracking({ home })).close()
    await chmod(home, 0o755)
    await chmod(path, 0o444)
    await chmod(join(home, "state"), 0o555)
    const child = startChild(openStore, [home], { unprivileged: true })
    expect(JSON.parse(await child.line())).toMatchObject({ code: "PERMISSION" })
    await chmod(join(home, "state"), 0o755)
  })
  it("because the file may not grow is DISK_FULL, and what was there stays readable", () => {
    let database: DatabaseSync | undefined
    const file = openStateFile({
      ...stateOptions(path),
      connect: (location, timeout) => {
        database = new DatabaseSync(location, { timeout })
        return database
      },
    })
    file.run("insert into t values (1)")
    database?.exec("pragma max_page_count = 10")
    const grow = () =>
      file.write(() => {
        for (let i = 0; i < 100_000; i++) file.run("insert into t values (?)", i)
      })
    expect(grow).toThrowError(expect.objectContaining({ code: "DISK_FULL" }))
    expect(file.all("select * from t")).toEqual([{ x: 1 }])
    file.close()
  })

  const small = join(tmpdir(), `tracking-small-${process.pid}`)
  it("because the disk is full is DISK_FULL, and nothing is half-written", async context => {
    await mkdir(small, { recursive: true })
    if (!mountSmall(small, 600)) context.skip("mounting a small file system is not allowed here")
    try {
      const store = sqliteTrackingStore({
        file: join(small, "t.sqlite"),
        artifacts: join(small, "artifacts"),
      })
      const { experimentId } = await store.createExperiment({ name: "full" })
      const { runId } = await store.createRun({ experimentId, runName: "full" })
      await store.logArtifact(runId, "a.bin", { bytes: new Uint8Array(10_000).fill(1) })
      const big = { bytes: new Uint8Array(900_000) }
      await expect(store.logArtifact(runId, "a.bin", big)).rejects.toMatchObject({ code: "DISK_FULL" })
      const flood = async () => {
        for (let step = 0; step < 1_000; step++)
          await store.logBatch(runId, {
            metrics: Array.from({ length: 1_000 }, (_, i) => ({ key: `m${i}`, value: i, step })),
          })
      }
      await expect(flood()).rejects.toMatchObject({ code: "DISK_FULL" })
      expect(new Set(await store.readArtifact(runId, "a.bin"))).toEqual(new Set([1]))
      const { items } = await store.getMetricHistory(runId, "m999")
      expect((await store.getMetricHistory(runId, "m0")).items).toHaveLength(items.length)
      await store.close()
    } finally {
      unmount(small)
      await rm(small, { recursive: true })
    }
  })
})

describe("embedded artifacts", () => {
  it("changed outside the program are FILE_CORRUPT", async () => {
    const { store, runId } = await filledStore()
    await store.logArtifact(runId, "plots/a.txt", { text: "logged" })
    const place = join(home, "artifacts", "runs", runId, "plots", "a.txt")
    await writeFile(place, "forged")
    for (const read of [
      () => store.readArtifact(runId, "plots/a.txt"),
      () => store.downloadArtifacts(runId, "", join(home, "out")),
    ])
      await expect(read()).rejects.toMatchObject({ code: "FILE_CORRUPT" })
    await rm(place)
    await expect(store.readArtifact(runId, "plots/a.txt")).rejects.toMatchObject({ code: "FILE_CORRUPT" })
    await store.close()
  })
  it("replaced when the process died between the file and its row read as the new content", async () => {
    const { store, runId } = await filledStore()
    await store.logArtifact(runId, "a.txt", { text: "old" })
    const database = new DatabaseSync(path)
    database.prepare("update artifacts set pending_sha256 = ?").run(sha256("new"))
    database.close()
    const read = async () => Buffer.from(await store.readArtifact(runId, "a.txt")).toString()
    expect(await read()).toBe("old")
    await writeFile(join(home, "artifacts", "runs", runId, "a.txt"), "new")
    expect(await read()).toBe("new")
    await store.close()
  })
  it("cannot be a file and a folder by one name", async () => {
    const { store, runId } = await filledStore()
    await store.logArtifact(runId, "a", { text: "file" })
    await store.logArtifact(runId, "b/c", { text: "in a folder" })
    await expect(store.logArtifact(runId, "a/b", { text: "x" })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    })
    await expect(store.logArtifact(runId, "b", { text: "x" })).rejects.toMatchObject({
      code: "INVALID_INPUT",
    })
    expect((await store.listArtifacts(runId)).map(entry => entry.path)).toEqual(["a", "b"])
    await store.close()
  })
})

describe("openTracking", () => {
  it("refuses another search's page token", async () => {
    const { store, experimentId } = await filledStore()
    await store.createRun({ experimentId, runName: "second" })
    const { nextPageToken } = await store.searchRuns({ experimentIds: [experimentId], maxResults: 1 })
    const other = { experimentIds: [experimentId], filter: "status = 'RUNNING'", pageToken: nextPageToken }
    await expect(store.searchRuns(other)).rejects.toMatchObject({ code: "INVALID_INPUT" })
    await store.close()
  })
  it("with an MLflow server in the configuration that is not there is UNREACHABLE, with what to do", async () => {
    const mlflow = { trackingUri: "http://127.0.0.1:9", requestTimeout: 0.2 }
    await expect(openTracking({ home, mlflow })).rejects.toSatisfy(
      error => isRoadmapError(error, "UNREACHABLE") && error.hint?.includes("MLFLOW_TRACKING_URI") === true,
    )
  })
})

const stateOptions = (path: string): StateFileOptions => ({
  path,
  title: "test",
  applicationId: 1,
  migrations: ["create table t (x integer not null) strict"],
  durability: "normal",
  busyTimeoutMs: 50,
  connect: (location, timeout) => new DatabaseSync(location, { timeout }),
})
