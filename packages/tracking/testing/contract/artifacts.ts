import { randomUUID } from "node:crypto"
import { mkdir, readFile, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { sha256 } from "@roadmap/core/hash"
import { describe, expect, it } from "vitest"
import type { DatasetInput } from "../../src/port.ts"
import { type ContractContext, refused } from "./context.ts"

/** The rules of the port: data sets, models and artifacts. */
export const artifactRules = (use: ContractContext): void => {
  describe("data sets and models", () => {
    const dataset: DatasetInput = {
      name: "flights",
      digest: "d41d8cd98f00",
      sourceType: "local",
      source: '{"uri":"flights-3m.parquet"}',
      schema: '{"mlflow_colspec":[{"type":"double","name":"delay"}]}',
      context: "training",
    }
    it("are kept with the run, a data set once", async () => {
      const { runId } = await use.newRun()
      await use.store.logInputs(runId, [dataset, dataset])
      await use.store.logInputs(runId, [dataset, { ...dataset, digest: "feedbeef", context: "test" }])
      const { inputs } = await use.store.getRun(runId)
      expect(inputs).toHaveLength(2)
      expect(inputs).toContainEqual(dataset)
      const model = { modelId: `m-${"a1".repeat(16)}`, step: 0 }
      await use.store.logOutputs(runId, [model])
      await use.store.logOutputs(runId, [model])
      expect((await use.store.getRun(runId)).outputs).toEqual([model])
    })
    it("find the runs that read them", async () => {
      const { runId, experimentId } = await use.newRun(undefined, "reader")
      await use.newRun(experimentId, "stranger")
      await use.store.logInputs(runId, [dataset])
      expect(
        await use.found(experimentId, "dataset.name = 'flights' and dataset.digest = 'd41d8cd98f00'"),
      ).toEqual(["reader"])
      expect(await use.found(experimentId, "dataset.context = 'training'")).toEqual(["reader"])
      expect(await use.found(experimentId, "dataset.name IN ('trains', 'boats')")).toEqual([])
    })
    it("are refused with a digest over 36 characters or a model id of another form", async () => {
      const { runId } = await use.newRun()
      await refused(
        "LIMIT_EXCEEDED",
        use.store.logInputs(runId, [dataset, { ...dataset, digest: "0".repeat(37) }]),
      )
      await refused("INVALID_INPUT", use.store.logOutputs(runId, [{ modelId: "ridge", step: 0 }]))
      expect(await use.store.getRun(runId)).toMatchObject({ inputs: [], outputs: [] })
    })
  })

  describe("artifacts", () => {
    it("from text, bytes and a file are read back byte for byte", async () => {
      const { runId } = await use.newRun()
      const bytes = new Uint8Array([0, 255, 10, 13, 128])
      const path = join(use.folder, "plot.svg")
      await writeFile(path, "<svg/>")
      const receipts = [
        await use.store.logArtifact(runId, "notes.md", { text: "größer\n" }),
        await use.store.logArtifact(runId, "raw/data.bin", { bytes }),
        await use.store.logArtifact(runId, "plots/residuals.svg", { file: path }),
      ]
      expect(receipts[1]).toEqual({
        path: "raw/data.bin",
        isDirectory: false,
        size: 5,
        sha256: sha256(bytes),
      })
      expect(new TextDecoder().decode(await use.store.readArtifact(runId, "notes.md"))).toBe("größer\n")
      expect(await use.store.readArtifact(runId, "raw/data.bin")).toEqual(bytes)
      expect(new TextDecoder().decode(await use.store.readArtifact(runId, "plots/residuals.svg"))).toBe(
        "<svg/>",
      )
    })
    it("are listed folder by folder", async () => {
      const { runId } = await use.newRun()
      for (const path of ["model/MLmodel", "model/data/model.bin", "a.txt"])
        await use.store.logArtifact(runId, path, { text: path })
      const list = async (path?: string) =>
        (await use.store.listArtifacts(runId, path)).map(({ path, isDirectory, size }) => ({
          path,
          isDirectory,
          size,
        }))
      expect(await list()).toEqual([
        { path: "a.txt", isDirectory: false, size: 5 },
        { path: "model", isDirectory: true, size: undefined },
      ])
      expect(await list("model")).toEqual([
        { path: "model/MLmodel", isDirectory: false, size: 13 },
        { path: "model/data", isDirectory: true, size: undefined },
      ])
      expect(await list("nothing")).toEqual([])
    })
    it("of a folder are logged whole and downloaded whole", async () => {
      const { runId } = await use.newRun()
      const source = join(use.folder, randomUUID())
      await mkdir(join(source, "deep", "er"), { recursive: true })
      await writeFile(join(source, "top.txt"), "top")
      await writeFile(join(source, "deep", "er", "low.txt"), "low")
      const logged = await use.store.logArtifacts(runId, source, "in")
      expect(logged.map(entry => entry.path).sort()).toEqual(["in/deep/er/low.txt", "in/top.txt"])
      const target = join(use.folder, randomUUID())
      const written = await use.store.downloadArtifacts(runId, "", target)
      expect(written.sort()).toEqual([join(target, "in/deep/er/low.txt"), join(target, "in/top.txt")])
      expect(await readFile(join(target, "in/deep/er/low.txt"), "utf8")).toBe("low")
      const single = join(use.folder, randomUUID())
      expect(await use.store.downloadArtifacts(runId, "in/top.txt", single)).toEqual([
        join(single, "in/top.txt"),
      ])
    })
    it("logged again are replaced", async () => {
      const { runId } = await use.newRun()
      await use.store.logArtifact(runId, "a.txt", { text: "old and long" })
      await use.store.logArtifact(runId, "a.txt", { text: "new" })
      expect(new TextDecoder().decode(await use.store.readArtifact(runId, "a.txt"))).toBe("new")
      expect(await use.store.listArtifacts(runId)).toMatchObject([{ path: "a.txt", size: 3 }])
    })
    it("may be empty", async () => {
      const { runId } = await use.newRun()
      await use.store.logArtifact(runId, "empty", { text: "" })
      expect(await use.store.readArtifact(runId, "empty")).toHaveLength(0)
    })
    it.each(["../escape", "a/../../escape", "/etc/passwd", "C:\\windows", "a\\..\\..\\b"])(
      "named %s are PATH_OUTSIDE",
      async path => {
        const { runId } = await use.newRun()
        await refused("PATH_OUTSIDE", use.store.logArtifact(runId, path, { text: "x" }))
        await refused("PATH_OUTSIDE", use.store.readArtifact(runId, path))
      },
    )
    it.each(["", "a//b", "./a", "a/", "a\u0000b", "a#b", "a%20b"])(
      "named %j are INVALID_INPUT",
      async path => {
        const { runId } = await use.newRun()
        await refused("INVALID_INPUT", use.store.logArtifact(runId, path, { text: "x" }))
      },
    )
    it("are files or folders, not both", async () => {
      const { runId } = await use.newRun()
      await use.store.logArtifact(runId, "plots", { text: "a file" })
      await refused("INVALID_INPUT", use.store.logArtifact(runId, "plots/loss.svg", { text: "x" }))
      await use.store.logArtifact(runId, "model/MLmodel", { text: "x" })
      await refused("INVALID_INPUT", use.store.logArtifact(runId, "model", { text: "x" }))
      expect(new TextDecoder().decode(await use.store.readArtifact(runId, "plots"))).toBe("a file")
    })
    it("keep names with spaces, letters of any script, quotes and per cent signs", async () => {
      const { runId } = await use.newRun()
      const names = ["100%.txt", "größe 2.csv", "it's.md", "q?m=1&n=2+3.txt"]
      for (const name of names) await use.store.logArtifact(runId, `odd/${name}`, { text: name })
      expect((await use.store.listArtifacts(runId, "odd")).map(({ path }) => path).sort()).toEqual(
        names.map(name => `odd/${name}`).sort(),
      )
      for (const name of names)
        expect(new TextDecoder().decode(await use.store.readArtifact(runId, `odd/${name}`))).toBe(name)
    })
    it("of a deleted run can be read, and none be added", async () => {
      const { runId } = await use.newRun()
      await use.store.logArtifact(runId, "a.txt", { text: "a" })
      await use.store.deleteRun(runId)
      await refused("INVALID_INPUT", use.store.logArtifact(runId, "b.txt", { text: "b" }))
      expect(new TextDecoder().decode(await use.store.readArtifact(runId, "a.txt"))).toBe("a")
      await refused("NOT_FOUND", use.store.readArtifact(runId, "b.txt"))
    })
    it("leave no tag on the run", async () => {
      const run = await use.newRun()
      await use.store.logArtifact(run.runId, "a.txt", { text: "a" })
      expect((await use.store.getRun(run.runId)).tags).toEqual(run.tags)
    })
    it("which do not exist are NOT_FOUND, a missing source is FILE_MISSING, a link is INVALID_INPUT", async () => {
      const { runId } = await use.newRun()
      await refused("NOT_FOUND", use.store.readArtifact(runId, "no.txt"))
      await refused("NOT_FOUND", use.store.downloadArtifacts(runId, "no", join(use.folder, "none")))
      await refused("FILE_MISSING", use.store.logArtifact(runId, "a", { file: join(use.folder, "absent") }))
      const source = join(use.folder, randomUUID())
      await mkdir(source)
      await symlink("/etc/hostname", join(source, "link"))
      await refused("INVALID_INPUT", use.store.logArtifacts(runId, source))
      expect(await use.store.listArtifacts(runId)).toEqual([])
    })
  })
}
