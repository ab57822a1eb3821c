import { readdir, readFile, stat, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { isRoadmapError, RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { resolveInside } from "@roadmap/core/files"
import { canonicalJson, sha256, sha256File } from "@roadmap/core/hash"
import { parse } from "yaml"
import { z } from "zod"

/**
 * `manifest.json` in a model directory: the size and SHA-256 of every other file, and the digest of the model.
 *
 * The digest is the identity of the content: SHA-256 over the names and hashes of all files but MLmodel, and over
 * MLmodel's fields but those that say when and by whom it was written (`volatileFields`). So the same model written
 * twice has one digest, though the two MLmodel files differ; each directory's manifest covers its own bytes.
 */
export interface Manifest {
  format: 1
  digest: string
  files: Record<string, { size: number; sha256: string }>
}

export const manifestName = "manifest.json"

/** Fields of MLmodel that are no part of the digest. */
export const volatileFields = ["model_uuid", "model_id", "run_id", "utc_time_created", "mlflow_version"]

const sha = z.string().regex(/^[0-9a-f]{64}$/)
const manifestSchema = z.object({
  format: z.literal(1),
  digest: sha,
  files: z.record(z.string(), z.object({ size: z.int().nonnegative(), sha256: sha })),
})

/** MLflow's id for the content with this digest. */
export const modelIdOf = (digest: string): string => `m-${digest.slice(0, 32)}`

/** The digest of a model's content: its MLmodel text and the hashes of its other files. */
export const digestOf = (mlmodel: string, hashes: Record<string, string>): string => {
  const fields: Record<string, unknown> = { ...parseMlmodel(mlmodel) }
  for (const field of volatileFields) delete fields[field]
  return sha256(canonicalJson({ mlmodel: fields, files: hashes }))
}

/** MLmodel's fields. It is read as YAML 1.1, which is what Python writes. Throws MODEL_FORMAT. */
export const parseMlmodel = (text: string): Record<string, unknown> => {
  try {
    return z.record(z.string(), z.unknown()).parse(parse(text, { version: "1.1" }))
  } catch (cause) {
    throw new RoadmapError("MODEL_FORMAT", "MLmodel is not a YAML mapping.", { hint, cause })
  }
}

/** Hashes a model directory and writes its manifest. Throws MODEL_FORMAT when it holds no readable MLmodel. */
export const sealModel = async (directory: string): Promise<Manifest> => {
  const files: Manifest["files"] = {}
  for (const name of await filesOf(directory)) {
    const path = join(directory, name)
    files[name] = { size: (await stat(path)).size, sha256: await sha256File(path) }
  }
  const manifest: Manifest = { format: 1, digest: await digestOfFiles(directory, files), files }
  await writeManifest(directory, manifest)
  return manifest
}

export const writeManifest = (directory: string, manifest: Manifest): Promise<void> =>
  writeFile(join(directory, manifestName), `${JSON.stringify(manifest, null, 2)}\n`)

/**
 * Checks a model directory against its manifest: every file there, no other, each with its size and hash, and the digest
 * right. Throws MODEL_FORMAT naming the file; FILE_MISSING when there is no such directory.
 */
export const verifyModel = async (directory: string): Promise<Manifest> => {
  const names = await filesOf(directory)
  const manifest = await readManifest(directory)
  const listed = Object.keys(manifest.files)
  const missing = listed.find(name => !names.includes(name))
  if (missing !== undefined) throw broken(directory, `${missing} is missing`)
  const extra = names.find(name => !listed.includes(name))
  if (extra !== undefined) throw broken(directory, `${extra} is not in its manifest`)
  for (const [name, { size, sha256: expected }] of Object.entries(manifest.files)) {
    const path = resolveInside(directory, name)
    const actual = (await stat(path)).size
    if (actual !== size) throw broken(directory, `${name} has ${actual} bytes instead of ${size}`)
    if ((await sha256File(path)) !== expected)
      throw broken(directory, `${name} was changed (its hash differs)`)
  }
  if ((await digestOfFiles(directory, manifest.files)) !== manifest.digest)
    throw broken(directory, "its manifest holds a wrong digest")
  return manifest
}

/** The manifest of a whole directory; undefined when it is missing or damaged. Throws what else goes wrong. */
export const manifestIfWhole = async (directory: string): Promise<Manifest | undefined> => {
  try {
    return await verifyModel(directory)
  } catch (error) {
    if (isRoadmapError(error, "MODEL_FORMAT") || isRoadmapError(error, "FILE_MISSING")) return undefined
    throw error
  }
}

const readManifest = async (directory: string): Promise<Manifest> => {
  try {
    return manifestSchema.parse(JSON.parse(await readFile(join(directory, manifestName), "utf8")))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === "EACCES" || code === "EPERM") throw toRoadmapError(error)
    throw broken(
      directory,
      code === "ENOENT" ? `${manifestName} is missing` : `${manifestName} is damaged`,
      error,
    )
  }
}

const digestOfFiles = async (directory: string, files: Manifest["files"]): Promise<string> => {
  if (!Object.hasOwn(files, "MLmodel")) throw broken(directory, "MLmodel is missing")
  const hashes = Object.fromEntries(
    Object.entries(files)
      .filter(([name]) => name !== "MLmodel")
      .map(([name, file]) => [name, file.sha256]),
  )
  return digestOf(await readFile(join(directory, "MLmodel"), "utf8"), hashes)
}

/** Names of the files below a directory but its manifest, sorted, with forward slashes. Links are refused. */
const filesOf = async (directory: string): Promise<string[]> => {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true }).catch(error => {
    throw toRoadmapError(error)
  })
  const names: string[] = []
  for (const entry of entries) {
    const path = join(entry.parentPath, entry.name)
    const name = path.slice(join(directory, "/").length).replaceAll("\\", "/")
    if (entry.isDirectory() || name === manifestName) continue
    if (!entry.isFile()) throw broken(directory, `${name} is a link or a special file`)
    names.push(name)
  }
  return names.sort()
}

const hint = "Register the model again, or take another version; `roadmap models` lists them."

const broken = (directory: string, problem: string, cause?: unknown) =>
  new RoadmapError("MODEL_FORMAT", `Model ${directory}: ${problem}.`, { hint, cause })
