import { randomUUID } from "node:crypto"
import { existsSync, renameSync } from "node:fs"
import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { basename, dirname, join, resolve } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { resolveInside } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import { stringify } from "yaml"
import { z } from "zod"
import { cardSchema, type ModelCard, renderCard } from "./card.ts"
import {
  digestOf,
  type Manifest,
  manifestName,
  modelIdOf,
  parseMlmodel,
  sealModel,
  verifyModel,
} from "./manifest.ts"
import {
  type ColumnSpec,
  checkNames,
  columnsFromJson,
  columnsToJson,
  type DataframeSplit,
  type Signature,
  validateInput,
} from "./signature.ts"

/** Values of a flavor in MLmodel. */
export type FlavorValue =
  | string
  | number
  | boolean
  | null
  | readonly FlavorValue[]
  | { [key: string]: FlavorValue }

/**
 * What a model directory is made of (https://mlflow.org/docs/latest/ml/model/). A flavor says how to load it; one that
 * has `data` names one of `files`. This project's own flavor is made by `roadmapFlavor`.
 */
export interface ModelContent {
  flavors: Record<string, Record<string, FlavorValue>>
  /** Relative name (forward slashes) to content. */
  files: Record<string, Uint8Array>
  signature: Signature
  /** Rows that the model takes; checked against the signature. */
  inputExample?: DataframeSplit
  card?: ModelCard
  /** Free fields for readers of MLmodel. */
  metadata?: Record<string, FlavorValue>
  /** Default: now. No part of the digest. */
  createdAt?: Date
}

export interface StoredModel {
  directory: string
  digest: string
  /** `m-` and the first 32 digits of the digest. */
  modelId: string
  manifest: Manifest
  flavors: Record<string, Record<string, FlavorValue>>
  signature: Signature
  inputExample?: DataframeSplit
  card?: ModelCard
  metadata: Record<string, FlavorValue>
  createdAt?: Date
  /** The bytes of one of its files. Throws MODEL_FORMAT when it has no such file or the file changed since it was checked. */
  read(name: string): Promise<Uint8Array>
}

/** The flavor `roadmap`: `data` is read by the loader of that name, whose format has that version. */
export const roadmapFlavor = (loader: string, loaderVersion: number, data = "model.bin") => ({
  roadmap: { data, loader, loader_version: loaderVersion },
})

/** Names this module writes itself. */
const ownNames = ["MLmodel", manifestName, "input_example.json", "model_card.md", "model_card.json"]

/**
 * Writes a model directory: MLmodel, the given files, input_example.json, model_card.md and .json, manifest.json. It appears
 * whole, by one rename; it is not flushed to the disk, because registering copies and flushes it, and a reader checks the
 * manifest. The directory must not exist (ALREADY_EXISTS). Throws INVALID_INPUT for content that does not fit
 * together and SCHEMA_MISMATCH for an input example that is not of the signature.
 */
export const writeModel = async (directory: string, content: ModelContent): Promise<StoredModel> => {
  const target = resolve(directory)
  checkContent(content)
  if (existsSync(target))
    throw new RoadmapError("ALREADY_EXISTS", `${target} exists.`, {
      hint: "Write the model to a new directory.",
    })
  const temporary = join(dirname(target), `.${basename(target)}.${randomUUID()}.tmp`)
  try {
    await mkdir(temporary, { recursive: true })
    const files = allFiles(content)
    const hashes = Object.fromEntries(Object.entries(files).map(([name, bytes]) => [name, sha256(bytes)]))
    const fields = mlmodelFields(content)
    const modelId = modelIdOf(digestOf(toYaml(fields), hashes))
    for (const [name, bytes] of Object.entries(files)) {
      await mkdir(dirname(join(temporary, name)), { recursive: true })
      await writeFile(join(temporary, name), bytes)
    }
    await writeFile(join(temporary, "MLmodel"), toYaml({ ...fields, model_uuid: modelId }))
    await sealModel(temporary)
    renameSync(temporary, target)
  } catch (error) {
    await rm(temporary, { recursive: true, force: true })
    throw toRoadmapError(error)
  }
  return readModel(target)
}

/** Opens a model directory after checking every file against the manifest. Throws MODEL_FORMAT or FILE_MISSING. */
export const readModel = async (directory: string): Promise<StoredModel> => {
  const manifest = await verifyModel(directory)
  const listed = (name: string) => Object.hasOwn(manifest.files, name)
  const read = async (name: string): Promise<Uint8Array> => {
    if (!listed(name)) throw wrong(directory, `it has no file ${name}`)
    const bytes = await readFile(resolveInside(directory, name))
    if (sha256(bytes) !== manifest.files[name].sha256)
      throw wrong(directory, `${name} was changed (its hash differs)`)
    return bytes
  }
  const json = async <T>(name: string, schema: z.ZodType<T>): Promise<T | undefined> => {
    if (!listed(name)) return undefined
    try {
      return schema.parse(JSON.parse(Buffer.from(await read(name)).toString()))
    } catch (cause) {
      throw wrong(directory, `${name} has another form`, cause)
    }
  }
  const parsed = mlmodelSchema.safeParse(parseMlmodel(Buffer.from(await read("MLmodel")).toString()))
  if (!parsed.success) throw wrong(directory, `MLmodel: ${z.prettifyError(parsed.error)}`, parsed.error)
  const { flavors, signature, metadata, utc_time_created } = parsed.data
  return {
    directory: resolve(directory),
    digest: manifest.digest,
    modelId: modelIdOf(manifest.digest),
    manifest,
    flavors,
    signature: {
      inputs: columnsFromJson(signature.inputs, "inputs") as ColumnSpec[],
      outputs: columnsFromJson(signature.outputs, "outputs"),
    },
    inputExample: await json("input_example.json", dataframeSplit),
    card: await json("model_card.json", cardSchema),
    metadata: metadata ?? {},
    createdAt: utc_time_created ? timeOf(utc_time_created) : undefined,
    read,
  }
}

const flavorValue: z.ZodType<FlavorValue> = z.lazy(() =>
  z.union([
    z.string(),
    z.number(),
    z.boolean(),
    z.null(),
    z.array(flavorValue),
    z.record(z.string(), flavorValue),
  ]),
)
const mlmodelSchema = z.object({
  flavors: z.record(z.string(), z.record(z.string(), flavorValue)),
  signature: z.object({ inputs: z.string(), outputs: z.string() }),
  metadata: z.record(z.string(), flavorValue).nullish(),
  utc_time_created: z.string().nullish(),
})
const dataframeSplit: z.ZodType<DataframeSplit> = z.object({
  columns: z.array(z.string()),
  data: z.array(z.array(z.unknown())),
})

const checkContent = ({ flavors, files, signature, inputExample }: ModelContent): void => {
  checkNames(signature)
  if (Object.keys(flavors).length === 0)
    throw new RoadmapError("INVALID_INPUT", "A model needs at least one flavor.", {
      hint: "Use roadmapFlavor(…).",
    })
  for (const [name, flavor] of Object.entries(flavors))
    if (typeof flavor.data === "string" && !Object.hasOwn(files, flavor.data))
      throw new RoadmapError(
        "INVALID_INPUT",
        `Flavor "${name}" loads ${flavor.data}, which is not among the files.`,
      )
  for (const name of Object.keys(files)) {
    resolveInside("/model", name)
    if (
      ownNames.includes(name) ||
      name.includes("\\") ||
      name.split("/").some(part => part === "" || part === ".")
    )
      throw new RoadmapError("INVALID_INPUT", `A file of a model cannot be named "${name}".`)
  }
  if (inputExample) validateInput(signature, inputExample)
}

const allFiles = ({ files, inputExample, card }: ModelContent): Record<string, Uint8Array> => ({
  ...files,
  ...(inputExample && { "input_example.json": jsonBytes(inputExample) }),
  ...(card && { "model_card.md": Buffer.from(renderCard(card)), "model_card.json": jsonBytes(card) }),
})

const jsonBytes = (value: unknown): Uint8Array => Buffer.from(`${JSON.stringify(value, null, 2)}\n`)

/** MLmodel's fields but the model's id. `run_id` is not among them: where a version came from is the registry's lineage. */
const mlmodelFields = (content: ModelContent) => ({
  artifact_path: "model",
  flavors: content.flavors,
  ...(content.metadata && { metadata: content.metadata }),
  ...(content.inputExample && {
    saved_input_example_info: {
      artifact_path: "input_example.json",
      pandas_orient: "split",
      type: "dataframe",
    },
  }),
  signature: {
    inputs: columnsToJson(content.signature.inputs),
    outputs: columnsToJson(content.signature.outputs),
    params: null,
  },
  utc_time_created: (content.createdAt ?? new Date()).toISOString().replace("T", " ").replace("Z", "000"),
})

/** MLflow's time, in UTC without saying so; undefined when it is of another form. */
const timeOf = (text: string): Date | undefined => {
  const time = new Date(`${text.replace(" ", "T")}Z`)
  return Number.isNaN(time.getTime()) ? undefined : time
}

/** YAML 1.1, because PyYAML reads it so: texts that 1.1 would take for dates or truth values are quoted. */
const toYaml = (fields: Record<string, unknown>): string =>
  stringify(fields, { version: "1.1", lineWidth: 0, sortMapEntries: true, aliasDuplicateObjects: false })

const wrong = (directory: string, problem: string, cause?: unknown) =>
  new RoadmapError("MODEL_FORMAT", `Model ${directory}: ${problem}.`, {
    hint: "Register the model again, or take another version.",
    cause,
  })
