import { randomUUID } from "node:crypto"
import { appendFile, mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ErrorCode } from "@roadmap/core/errors"
import { allPages } from "@roadmap/tracking/page"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { readModel } from "../src/mlmodel.ts"
import { resolveModel } from "../src/model-uri.ts"
import type { ModelRegistry, Register } from "../src/port.ts"
import { sampleCard, writeSampleModel } from "./sample-model.ts"

/**
 * The rules of the ModelRegistry port, on any adapter. The registry may hold other people's models: every test makes its own
 * and looks at nothing else. `newRun` gives the id of a run that exists where the adapter asks for one.
 */
export const describeModelRegistry = (
  name: string,
  factory: () => Promise<{ registry: ModelRegistry; newRun: () => Promise<string> }>,
  /** Makes a model's name of a text; Unity Catalog's have three levels. */
  named: (text: string) => string = text => text,
): void => {
  describe(`ModelRegistry: ${name}`, () => {
    let registry: ModelRegistry
    let newRun: () => Promise<string>
    let folder: string
    beforeAll(async () => {
      const made = await factory()
      registry = made.registry
      newRun = made.newRun
      folder = await mkdtemp(join(tmpdir(), "registry-contract-"))
    })
    afterAll(async () => {
      await registry.close()
      await rm(folder, { recursive: true, force: true })
    })

    const newName = (label = "model") => named(`${label}-${randomUUID()}`)
    const register = async (model: string, seed: number, options: Partial<Register> = {}) => {
      const { directory } = await writeSampleModel(folder, seed)
      return registry.register({ name: model, directory, lineage: { runId: await newRun() }, ...options })
    }

    describe("a registered model", () => {
      it("has a description and tags, which change", async () => {
        const model = newName()
        await registry.createModel({ name: model, description: "first", tags: { lab: "feb" } })
        await registry.describeModel(model, "second")
        await registry.setModelTag(model, "task", "regression")
        await registry.deleteModelTag(model, "lab")
        const read = await registry.getModel(model)
        expect(read).toMatchObject({
          name: model,
          description: "second",
          tags: { task: "regression" },
          aliases: {},
        })
        expect(read.latestVersion).toBeUndefined()
      })
      it("has a name of its own", async () => {
        const model = newName()
        await registry.createModel({ name: model })
        await refused("ALREADY_EXISTS", registry.createModel({ name: model }))
      })
      it("may have a name of three levels", async () => {
        const model = `main.flights.delay_${randomUUID().replaceAll("-", "_")}`
        await register(model, 1)
        expect(await registry.getVersion(model, 1)).toMatchObject({ name: model, version: 1 })
      })
      it.each(["", " ", "a/b", "a:b", ".", ".."])("cannot be named %j", async bad => {
        await refused("INVALID_INPUT", registry.createModel({ name: bad }))
      })
      it("has at most 256 characters in its name, 5,000 in its description, 100,000 in a tag", async () => {
        await refused("LIMIT_EXCEEDED", registry.createModel({ name: "n".repeat(257) }))
        const model = newName()
        await refused("LIMIT_EXCEEDED", registry.createModel({ name: model, description: "d".repeat(5_001) }))
        await refused(
          "LIMIT_EXCEEDED",
          registry.createModel({ name: model, tags: { t: "t".repeat(100_001) } }),
        )
        await refused("NOT_FOUND", registry.getModel(model))
      })
      it("keeps names with spaces, quotes and letters of any script, and long texts whole", async () => {
        const model = named(`größe "1" & more ${randomUUID()}`)
        const description = "d".repeat(5_000)
        await registry.createModel({
          name: model,
          description,
          tags: { note: "✈".repeat(500), long: "t".repeat(9_000) },
        })
        expect(await registry.getModel(model)).toMatchObject({
          description,
          tags: { note: "✈".repeat(500), long: "t".repeat(9_000) },
        })
        await refused("LIMIT_EXCEEDED", registry.setModelTag(model, "k".repeat(251), "v"))
        await refused("INVALID_INPUT", registry.setModelTag(model, "", "v"))
        expect((await register(model, 1)).version).toBe(1)
        expect((await registry.listVersions(model)).items).toHaveLength(1)
      })
      it("unknown is NOT_FOUND whatever is asked of it", async () => {
        const model = newName("nobody's")
        await refused("NOT_FOUND", registry.getModel(model))
        await refused("NOT_FOUND", registry.getVersion(model, 1))
        await refused("NOT_FOUND", registry.setModelTag(model, "a", "b"))
        await refused("NOT_FOUND", registry.setAlias(model, "champion", 1))
        await refused("NOT_FOUND", registry.deleteModel(model))
        await refused("NOT_FOUND", registry.deleteModelTag(model, "a"))
        await refused("NOT_FOUND", registry.listVersions(model))
        await refused("NOT_FOUND", registry.getByAlias(model, "champion"))
        await refused("NOT_FOUND", registry.fetchModel(model, 1))
      })
      it("is searched by name and tag, page by page", async () => {
        const mark = randomUUID()
        for (let i = 0; i < 5; i++)
          await registry.createModel({
            name: named(`${mark}-${i}`),
            tags: { mark, parity: i % 2 ? "odd" : "even" },
          })
        const filter = `name LIKE '${named(mark)}%'`
        const all = await allPages(pageToken => registry.searchModels({ filter, maxResults: 2, pageToken }))
        expect(all.map(model => model.name)).toEqual([0, 1, 2, 3, 4].map(i => named(`${mark}-${i}`)))
        const odd = await registry.searchModels({
          filter: `tags.mark = '${mark}' and tags.parity = 'odd'`,
          orderBy: ["name DESC"],
        })
        expect(odd.items.map(model => model.name)).toEqual([named(`${mark}-3`), named(`${mark}-1`)])
        await refused("INVALID_INPUT", registry.searchModels({ filter: "colour = 'red'" }))
      })
      it("goes with its versions when deleted, but not while an alias points at one, unless forced", async () => {
        const model = newName()
        await register(model, 1)
        await registry.setAlias(model, "champion", 1)
        await refused("INVALID_INPUT", registry.deleteModel(model))
        expect((await registry.getModel(model)).aliases).toEqual({ champion: 1 })
        await registry.deleteModel(model, { force: true })
        await refused("NOT_FOUND", registry.getModel(model))
        await refused("NOT_FOUND", registry.getVersion(model, 1))
      })
    })

    describe("registering", () => {
      it("gives numbers from 1 and says where each version came from", async () => {
        const model = newName()
        await register(model, 1)
        const runId = await newRun()
        const lineage = {
          runId,
          datasets: [{ name: "flights", digest: "d41d8cd98f00" }],
          featureViews: ["origin_delay"],
          parentVersion: 1,
        }
        const made = await register(model, 2, { description: "lower rmse", tags: { lab: "feb" }, lineage })
        expect(made).toMatchObject({
          name: model,
          version: 2,
          status: "READY",
          description: "lower rmse",
          tags: { lab: "feb" },
          lineage,
        })
        expect(await registry.getVersion(model, 2)).toEqual(made)
        expect((await registry.getModel(model)).latestVersion).toBe(2)
      })
      it("keeps the directory: the model read back is the one that was written", async () => {
        const model = newName()
        const written = await writeSampleModel(folder, 3)
        const made = await registry.register({
          name: model,
          directory: written.directory,
          lineage: { runId: await newRun() },
        })
        await rm(written.directory, { recursive: true })
        const read = await readModel(await registry.fetchModel(model, made.version))
        expect(read.digest).toBe(made.digest)
        expect(read.modelId).toBe(made.modelId)
        expect(read.signature).toEqual(written.signature)
        expect(await read.read("model.bin")).toEqual(
          Buffer.from(Uint8Array.from({ length: 256 }, (_, i) => (i * 31 + 3) & 255)),
        )
      })
      it("equal content from the same run again gives the version that is there", async () => {
        const model = newName()
        const runId = await newRun()
        const first = await register(model, 4, { lineage: { runId } })
        const second = await register(model, 4, { lineage: { runId } })
        expect(second).toEqual(first)
        const other = await register(model, 4)
        expect(other).toMatchObject({ version: 2, digest: first.digest, modelId: first.modelId })
      })
      it("with an idempotency key again gives its version, and with other content is IMMUTABLE", async () => {
        const model = newName()
        const first = await register(model, 5, { idempotencyKey: "feb/boosting" })
        const second = await register(model, 5, { idempotencyKey: "feb/boosting" })
        expect(second.version).toBe(first.version)
        await refused("IMMUTABLE", register(model, 6, { idempotencyKey: "feb/boosting" }))
        expect((await registry.listVersions(model)).items).toHaveLength(1)
      })
      it("a damaged directory, or one that is no model, is MODEL_FORMAT and registers nothing", async () => {
        const model = newName()
        const { directory } = await writeSampleModel(folder, 7)
        await appendFile(join(directory, "model.bin"), "x")
        await refused("MODEL_FORMAT", registry.register({ name: model, directory }))
        await refused("MODEL_FORMAT", registry.register({ name: model, directory: join(directory, "notes") }))
        await refused(
          "FILE_MISSING",
          registry.register({ name: model, directory: join(directory, "absent") }),
        )
        await refused("NOT_FOUND", registry.getModel(model))
      })
      it("from a parent version that does not exist is NOT_FOUND and registers nothing", async () => {
        const model = newName()
        await refused("NOT_FOUND", register(model, 8, { lineage: { parentVersion: 7 } }))
        await refused("INVALID_INPUT", register(model, 8, { lineage: { runId: "../../run" } }))
        await refused("NOT_FOUND", registry.getModel(model))
      })
    })

    it("leaves no tag on a version but those it was given", async () => {
      const model = newName()
      const lineage = { runId: await newRun(), featureViews: ["origin_delay"] }
      const made = await register(model, 1, { tags: { lab: "feb" }, lineage, idempotencyKey: "once" })
      expect(made.tags).toEqual({ lab: "feb" })
      expect((await registry.getModel(model)).tags).toEqual({})
    })

    describe("versions", () => {
      it("are listed newest first, page by page", async () => {
        const model = newName()
        for (let seed = 1; seed <= 5; seed++) await register(model, seed)
        const all = await allPages(pageToken => registry.listVersions(model, { maxResults: 2, pageToken }))
        expect(all.map(version => version.version)).toEqual([5, 4, 3, 2, 1])
        expect((await registry.listVersions(model, { maxResults: 5 })).nextPageToken).toBeUndefined()
      })
      it("have a description and tags, which change", async () => {
        const model = newName()
        await register(model, 1, { tags: { gate: "open", note: "x" } })
        await registry.describeVersion(model, 1, "the first")
        await registry.setVersionTag(model, 1, "gate", "closed")
        await registry.deleteVersionTag(model, 1, "note")
        expect(await registry.getVersion(model, 1)).toMatchObject({
          description: "the first",
          tags: { gate: "closed" },
        })
        expect((await registry.getVersion(model, 1)).tags.note).toBeUndefined()
        await refused("NOT_FOUND", registry.setVersionTag(model, 2, "gate", "open"))
        await refused("INVALID_INPUT", registry.setVersionTag(model, 1, "", "open"))
      })
      it("are searched by model, run and tag", async () => {
        const model = newName()
        const runId = await newRun()
        await register(model, 1, { tags: { gate: "open" } })
        await register(model, 2, { tags: { gate: "open" }, lineage: { runId } })
        await register(model, 3, { tags: { gate: "closed" } })
        const numbers = async (filter: string, orderBy?: string[]) =>
          (await registry.searchVersions({ filter, orderBy })).items.map(version => version.version)
        expect(await numbers(`name = '${model}' and tags.gate = 'open'`, ["version_number ASC"])).toEqual([
          1, 2,
        ])
        expect(await numbers(`run_id = '${runId}'`)).toEqual([2])
        expect(await numbers(`name = '${model}' and version_number > 1`, ["version_number DESC"])).toEqual([
          3, 2,
        ])
        await refused("INVALID_INPUT", registry.searchVersions({ filter: "stage = 'Production'" }))
      })
      it("cannot be deleted while an alias points at them, unless forced", async () => {
        const model = newName()
        await register(model, 1)
        await register(model, 2)
        await registry.setAlias(model, "champion", 1)
        await refused("INVALID_INPUT", registry.deleteVersion(model, 1))
        await registry.deleteVersion(model, 1, { force: true })
        await refused("NOT_FOUND", registry.getVersion(model, 1))
        await refused("NOT_FOUND", registry.getByAlias(model, "champion"))
        expect((await registry.listVersions(model)).items.map(version => version.version)).toEqual([2])
        expect((await register(model, 3)).version).toBe(3)
      })
      it("of one content stay readable when another of them is deleted", async () => {
        const model = newName()
        await register(model, 1)
        await register(model, 1)
        await registry.deleteVersion(model, 1)
        expect((await readModel(await registry.fetchModel(model, 2))).card?.name).toBe("flight-delay")
      })
    })

    describe("an alias", () => {
      it("points at one version, moves, and is deleted", async () => {
        const model = newName()
        await register(model, 1)
        await register(model, 2)
        await registry.setAlias(model, "champion", 1)
        await registry.setAlias(model, "challenger", 1)
        expect((await registry.getByAlias(model, "champion")).aliases.sort()).toEqual([
          "challenger",
          "champion",
        ])
        await registry.setAlias(model, "champion", 2)
        expect((await registry.getByAlias(model, "champion")).version).toBe(2)
        expect((await registry.getModel(model)).aliases).toEqual({ challenger: 1, champion: 2 })
        await registry.deleteAlias(model, "champion")
        await registry.deleteAlias(model, "champion")
        await refused("NOT_FOUND", registry.getByAlias(model, "champion"))
      })
      it("cannot point at nothing", async () => {
        const model = newName()
        await register(model, 1)
        await refused("NOT_FOUND", registry.setAlias(model, "champion", 2))
        await refused("INVALID_INPUT", registry.setAlias(model, "champion", 0))
        await refused("INVALID_INPUT", registry.setAlias(model, "champion", 1.5))
        expect((await registry.getModel(model)).aliases).toEqual({})
      })
      it.each(["latest", "Latest", "v1", "V12", "", "a b", "a/b", "a.b"])(
        "cannot be named %j",
        async alias => {
          const model = newName()
          await registry.createModel({ name: model })
          await refused("INVALID_INPUT", registry.setAlias(model, alias, 1))
        },
      )
      it("or a number or nothing after a name in a model URI is resolved to a version", async () => {
        const model = newName()
        await register(model, 1)
        await register(model, 2)
        await registry.setAlias(model, "champion", 1)
        const version = async (uri: string) => (await resolveModel(registry, uri)).version
        expect(await version(`models:/${model}@champion`)).toBe(1)
        expect(await version(`models:/${model}/1`)).toBe(1)
        expect(await version(`models:/${model}/latest`)).toBe(2)
        expect(await version(model)).toBe(2)
        await refused("INVALID_INPUT", resolveModel(registry, `models:/${model}/champion`))
        await refused("INVALID_INPUT", resolveModel(registry, "models://"))
      })
    })

    it("gives the model card of a version, as Markdown and as data", async () => {
      const model = newName()
      const { version } = await register(model, 1)
      const { markdown, card } = await registry.readCard(model, version)
      expect(markdown).toContain("# Model card: flight-delay")
      expect(card).toEqual(sampleCard)
      const bare = await writeSampleModel(folder, 9, { card: undefined })
      const other = await registry.register({ name: model, directory: bare.directory })
      await refused("NOT_FOUND", registry.readCard(model, other.version))
      expect(await readFile(join(await registry.fetchModel(model, version), "model_card.md"), "utf8")).toBe(
        markdown,
      )
    })
  })
}

const refused = async (code: ErrorCode, answer: Promise<unknown>) => {
  await expect(answer).rejects.toMatchObject({ name: "RoadmapError", code })
}
