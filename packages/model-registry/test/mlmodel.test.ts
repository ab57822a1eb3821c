import { appendFile, cp, mkdtemp, readdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { parse } from "yaml"
import { digestOf, type Manifest, sealModel } from "../src/manifest.ts"
import { type ModelContent, readModel, roadmapFlavor, writeModel } from "../src/mlmodel.ts"
import { columnTypes } from "../src/signature.ts"
import { sampleCard, sampleContent, writeSampleModel } from "../testing/sample-model.ts"

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "mlmodel-"))
})
afterAll(async () => {
  await rm(folder, { recursive: true })
})
const fresh = () => join(folder, `m-${process.hrtime.bigint()}`)
const damagedCopy = async (damage: (directory: string) => Promise<unknown>) => {
  const { directory } = await writeSampleModel(folder, 1)
  await damage(directory)
  return readModel(directory)
}

describe("a model directory", () => {
  it("is MLflow's: MLmodel with flavors, signature as JSON text, and the example's place", async () => {
    const { directory, modelId } = await writeSampleModel(folder, 1, {
      createdAt: new Date("2026-02-28T12:00:00Z"),
    })
    expect((await readdir(directory)).sort()).toEqual([
      "MLmodel",
      "input_example.json",
      "manifest.json",
      "model.bin",
      "model_card.json",
      "model_card.md",
      "notes",
    ])
    expect(parse(await readFile(join(directory, "MLmodel"), "utf8"))).toEqual({
      artifact_path: "model",
      flavors: { roadmap: { data: "model.bin", loader: "ridge", loader_version: 1 } },
      model_uuid: modelId,
      saved_input_example_info: {
        artifact_path: "input_example.json",
        pandas_orient: "split",
        type: "dataframe",
      },
      signature: {
        inputs:
          '[{"type":"double","name":"distance","required":true},{"type":"string","name":"origin","required":false}]',
        outputs: '[{"type":"double","name":"delay","required":true}]',
        params: null,
      },
      utc_time_created: "2026-02-28 12:00:00.000000",
    })
  })
  it("is read back as it was written", async () => {
    const content = sampleContent(2)
    const model = await writeModel(fresh(), {
      ...content,
      metadata: { lab: "feb", deep: { list: [1, "yes", null] } },
    })
    expect(model).toMatchObject({
      flavors: content.flavors,
      signature: content.signature,
      inputExample: content.inputExample,
      card: sampleCard,
      metadata: { lab: "feb", deep: { list: [1, "yes", null] } },
    })
    expect(await model.read("model.bin")).toEqual(Buffer.from(content.files["model.bin"]))
    await expect(model.read("absent.bin")).rejects.toMatchObject({ code: "MODEL_FORMAT" })
    await expect(model.read("../../secret")).rejects.toMatchObject({ code: "MODEL_FORMAT" })
  })
  it("quotes what YAML 1.1 would read as something else, because Python reads 1.1", async () => {
    const metadata = {
      a: "yes",
      b: "2026-02-01",
      c: "012",
      d: "null",
      e: "1e3",
      f: "12:30:45",
      g: "multi\nline",
      h: "",
    }
    const { directory, metadata: read } = await writeSampleModel(folder, 3, { metadata })
    expect(read).toEqual(metadata)
    const text = await readFile(join(directory, "MLmodel"), "utf8")
    for (const quoted of [/a: ["']yes["']/, /b: ["']2026-02-01["']/, /c: ["']012["']/, /f: ["']12:30:45["']/])
      expect(text).toMatch(quoted)
  })
  it("has one digest for equal content, whenever and wherever it was written", async () => {
    const first = await writeSampleModel(folder, 4, { createdAt: new Date(0) })
    const second = await writeSampleModel(folder, 4, { createdAt: new Date(1e12) })
    expect(second.digest).toBe(first.digest)
    expect(second.modelId).toBe(`m-${first.digest.slice(0, 32)}`)
    expect(second.createdAt).not.toEqual(first.createdAt)
  })
  const changes: [string, Partial<ModelContent>][] = [
    ["data", { files: { ...sampleContent(5).files, "model.bin": new Uint8Array(3) } }],
    ["loader", { flavors: roadmapFlavor("lasso", 1) }],
    ["loader version", { flavors: roadmapFlavor("ridge", 2) }],
    ["card", { card: { ...sampleCard, limits: [] } }],
    ["metadata", { metadata: { lab: "feb" } }],
    ["input example", { inputExample: { columns: ["distance"], data: [[1]] } }],
    [
      "signature",
      { signature: { ...sampleContent(5).signature, outputs: [{ type: "float", required: true }] } },
    ],
  ]
  it.each(changes)("has another digest with another %s", async (_, change) => {
    const first = await writeSampleModel(folder, 5)
    expect((await writeSampleModel(folder, 5, change)).digest).not.toBe(first.digest)
  })
  it("has a digest that does not depend on the order of MLmodel's fields", () => {
    expect(digestOf("a: 1\nb: {c: 2, d: 3}\n", { x: "1", y: "2" })).toBe(
      digestOf("b:\n  d: 3\n  c: 2\na: 1\nrun_id: abc\n", { y: "2", x: "1" }),
    )
  })
})

describe("writing a model", () => {
  it("never touches a directory that exists", async () => {
    const { directory } = await writeSampleModel(folder, 6)
    await expect(writeModel(directory, sampleContent(6))).rejects.toMatchObject({ code: "ALREADY_EXISTS" })
    expect((await readModel(directory)).card?.name).toBe("flight-delay")
  })
  it("refuses an input example that is not of the signature, and leaves nothing", async () => {
    const target = fresh()
    const before = await readdir(folder)
    const wrong = { columns: ["distance", "origin"], data: [["far", "SFO"]] }
    await expect(writeModel(target, { ...sampleContent(7), inputExample: wrong })).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: expect.stringContaining('row 0 has "far" in column "distance" (double)'),
    })
    expect(await readdir(folder)).toEqual(before)
  })
  const refusals: [string, Partial<ModelContent>, string][] = [
    ["no flavor", { flavors: {} }, "INVALID_INPUT"],
    [
      "a flavor whose data is not there",
      { flavors: roadmapFlavor("ridge", 1, "other.bin") },
      "INVALID_INPUT",
    ],
    [
      "a file that takes MLmodel's name",
      { files: { "model.bin": new Uint8Array(), MLmodel: new Uint8Array() } },
      "INVALID_INPUT",
    ],
    [
      "a file outside",
      { files: { "model.bin": new Uint8Array(), "../x": new Uint8Array() } },
      "PATH_OUTSIDE",
    ],
    [
      "a column named twice",
      {
        signature: { inputs: [0, 1].map(() => ({ name: "a", type: "double", required: true })), outputs: [] },
        inputExample: undefined,
      },
      "INVALID_INPUT",
    ],
  ]
  it.each(refusals)("refuses %s", async (_, change, code) => {
    await expect(writeModel(fresh(), { ...sampleContent(8), ...change })).rejects.toMatchObject({ code })
  })
})

describe("reading a model", () => {
  it("notices one changed byte in any file", async () => {
    const { directory } = await writeSampleModel(folder, 9)
    const names = (await readdir(directory, { recursive: true, withFileTypes: true }))
      .filter(entry => entry.isFile())
      .map(entry => join(entry.parentPath, entry.name))
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...names),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        fc.integer({ min: 1, max: 255 }),
        async (path, where, flip) => {
          const bytes = await readFile(path)
          const at = Math.floor(where * bytes.length)
          const changed = Buffer.from(bytes)
          changed[at] ^= flip
          await writeFile(path, changed)
          try {
            // A changed blank in the manifest changes nothing that it says.
            const { digest } = await readModel(directory).catch(error => {
              expect(error).toMatchObject({ code: "MODEL_FORMAT", hint: expect.any(String) })
              return { digest: undefined }
            })
            if (digest !== undefined) {
              expect(path).toMatch(/manifest\.json$/)
              expect(JSON.parse(changed.toString())).toEqual(JSON.parse(bytes.toString()))
            }
          } finally {
            await writeFile(path, bytes)
          }
        },
      ),
      { numRuns: 150 },
    )
    await readModel(directory)
  })
  const damages: [string, (directory: string) => Promise<unknown>, RegExp][] = [
    ["a missing file", directory => rm(join(directory, "model.bin")), /model\.bin is missing/],
    [
      "a longer file",
      directory => appendFile(join(directory, "model.bin"), "x"),
      /model\.bin has 257 bytes instead of 256/,
    ],
    [
      "an added file",
      directory => writeFile(join(directory, "evil.py"), "x"),
      /evil\.py is not in its manifest/,
    ],
    [
      "a renamed file",
      directory => rename(join(directory, "model.bin"), join(directory, "m.bin")),
      /model\.bin is missing/,
    ],
    ["no manifest", directory => rm(join(directory, "manifest.json")), /manifest\.json is missing/],
    [
      "a cut manifest",
      directory => writeFile(join(directory, "manifest.json"), '{"format":1'),
      /manifest\.json is damaged/,
    ],
    ["a link", directory => symlink("/etc/hostname", join(directory, "link")), /link is a link/],
    [
      "a manifest with another digest",
      directory =>
        changeManifest(directory, manifest => {
          manifest.digest = "0".repeat(64)
        }),
      /wrong digest/,
    ],
    [
      "a manifest that lists a file outside",
      directory =>
        changeManifest(directory, manifest => {
          manifest.files["../x"] = manifest.files.MLmodel
        }),
      /\.\.\/x is missing/,
    ],
  ]
  it.each(damages)("with %s is MODEL_FORMAT, which names it", async (_, damage, message) => {
    await expect(damagedCopy(damage)).rejects.toMatchObject({
      code: "MODEL_FORMAT",
      message: expect.stringMatching(message),
    })
  })
  const forms: [string, string][] = [
    ["that is no mapping", "- a\n- b\n"],
    ["that is not YAML", "a: [1, 2\nb: }"],
    ["without flavors", "signature: {inputs: '[]', outputs: '[]'}\n"],
    ["without a signature", "flavors: {roadmap: {data: model.bin}}\n"],
    [
      "with a tensor signature",
      `flavors: {onnx: {data: model.bin}}\nsignature: {inputs: '[{"type":"tensor","tensor-spec":{}}]', outputs: '[]'}\n`,
    ],
    [
      "that explodes when its aliases are followed",
      `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefghi"
        .split("")
        .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${"abcdefgh"[i]}`).join(",")}]`)
        .join("\n")}\n`,
    ],
  ]
  it.each(forms)("with an MLmodel %s is MODEL_FORMAT", async (_, text) => {
    const work = damagedCopy(async directory => {
      await writeFile(join(directory, "MLmodel"), text)
      await sealModel(directory)
    })
    await expect(work).rejects.toMatchObject({ code: "MODEL_FORMAT" })
  })
  it("from a directory that does not exist is FILE_MISSING", async () => {
    await expect(readModel(join(folder, "absent"))).rejects.toMatchObject({ code: "FILE_MISSING" })
  })
  it("understands an MLmodel that MLflow's Python wrote", async () => {
    const golden = await readFile(new URL("../goldens/MLmodel.python", import.meta.url), "utf8")
    const { directory } = await writeSampleModel(folder, 11)
    await writeFile(join(directory, "MLmodel"), golden)
    await sealModel(directory)
    const model = await readModel(directory)
    expect(model.signature.inputs).toEqual(
      columnTypes.map(type => ({ type, name: `${type} column`, required: type !== "string" })),
    )
    expect(model.signature.outputs).toEqual([{ type: "double", required: true }])
    expect(model.metadata).toEqual({ yes: "no", day: "2026-02-28" })
    expect(model.createdAt).toEqual(new Date("2026-02-28T12:00:00.123Z"))
  })
  it("works from a copy elsewhere", async () => {
    const { directory, digest } = await writeSampleModel(folder, 10)
    const copy = fresh()
    await cp(directory, copy, { recursive: true })
    expect((await readModel(copy)).digest).toBe(digest)
  })
})

const changeManifest = async (directory: string, change: (manifest: Manifest) => void) => {
  const path = join(directory, "manifest.json")
  const manifest = JSON.parse(await readFile(path, "utf8"))
  change(manifest)
  await writeFile(path, JSON.stringify(manifest))
}
