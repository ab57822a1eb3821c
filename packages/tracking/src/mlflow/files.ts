import { createHash, type Hash } from "node:crypto"
import { createReadStream, createWriteStream } from "node:fs"
import { mkdir, rm, stat } from "node:fs/promises"
import { dirname } from "node:path"
import { pipeline } from "node:stream/promises"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { sha256, sha256File } from "@roadmap/core/hash"
import { clashingArtifact } from "../artifact-path.ts"
import type { ArtifactContent } from "../port.ts"
import { stagingPath } from "../staged-file.ts"
import { artifactList } from "./answers.ts"
import type { MlflowClient } from "./client.ts"

/** A folder on a server: where its files are, and what is in it. */
export interface RemoteFolder {
  client: MlflowClient
  /** Path of a file after the server's base URL, encoded; to write there, or to read. */
  urlOf(path: string, use: "write" | "read"): string
  /** The entries directly in a folder below ("" for the top); none when there is no such folder. */
  list(path: string): Promise<RemoteEntry[]>
}

export interface RemoteEntry {
  /** Relative to the folder. */
  path: string
  isDirectory: boolean
  size?: number
}

/**
 * The folder that an artifact URI of the server means. Only the proxied store (`mlflow-artifacts:/…`) is spoken: it
 * streams through the tracking server with its own credentials. Throws ADAPTER_MISSING for another store.
 */
export const remoteFolder = (client: MlflowClient, artifactUri: string): RemoteFolder => {
  const [, root] = /^mlflow-artifacts:(?:\/\/[^/]*)?\/(.*?)\/*$/.exec(artifactUri) ?? []
  if (root === undefined)
    throw new RoadmapError(
      "ADAPTER_MISSING",
      `Artifacts at ${artifactUri.replace(/\?.*/, "")} are outside the MLflow server's proxied store.`,
      { hint: "Start the server with --artifacts-destination, so that artifacts go through it." },
    )
  const store = "mlflow-artifacts/artifacts"
  return {
    client,
    urlOf: path => `/api/2.0/${store}/${encodedPath(`${root}/${path}`)}`,
    async list(path) {
      const { files } = await client.get(
        store,
        { path: path === "" ? root : `${root}/${path}` },
        artifactList,
      )
      return files.map(({ path: name, is_dir, file_size }) => ({
        path: path === "" ? name : `${path}/${name}`,
        isDirectory: is_dir,
        ...(!is_dir && { size: file_size ?? 0 }),
      }))
    },
  }
}

export const encodedPath = (path: string): string => path.split("/").map(encodeURIComponent).join("/")

/** What is to be uploaded: its size and hash, and its bytes, as often as an upload is tried. */
export interface Upload {
  size: number
  sha256: string
  open(): AsyncIterable<Uint8Array>
}

/** Hashes content before it is sent; a file is streamed twice, never held. Throws FILE_MISSING or PERMISSION. */
export const uploadOf = async (content: ArtifactContent): Promise<Upload> => {
  if (!("file" in content)) {
    const bytes = "text" in content ? Buffer.from(content.text) : content.bytes
    return { size: bytes.byteLength, sha256: sha256(bytes), open: () => chunksOf(bytes) }
  }
  const { file } = content
  try {
    const about = await stat(file)
    if (!about.isFile())
      throw new RoadmapError("INVALID_INPUT", `${file} is no plain file.`, {
        hint: "Log a folder with logArtifacts.",
      })
    return {
      size: about.size,
      sha256: await sha256File(file),
      open: () => fileChunks(file, about.size),
    }
  } catch (error) {
    throw toRoadmapError(error)
  }
}

/**
 * Puts a file into a folder, streamed; a broken upload starts again. Throws FILE_CORRUPT when the source changed meanwhile.
 */
export const putFile = async (folder: RemoteFolder, path: string, upload: Upload): Promise<void> => {
  let hash = createHash("sha256")
  const content = {
    size: upload.size,
    open: () => {
      hash = createHash("sha256")
      return updating(hash, upload.open())
    },
  }
  await folder.client.send(folder.urlOf(path, "write"), content, () => refuseClash(folder, path))
  if (hash.digest("hex") !== upload.sha256) throw changed(path)
}

/** The server answers with a fault of its own (500) when a name is a folder already, or a file one of the name's folders. */
const refuseClash = async (folder: RemoteFolder, path: string): Promise<void> => {
  const parts = path.split("/")
  for (let depth = 1; depth <= parts.length; depth++) {
    const name = parts.slice(0, depth).join("/")
    const entries = await listFolder(folder, parts.slice(0, depth - 1).join("/"))
    const clash = entries.find(entry => entry.path === name && entry.isDirectory === (depth === parts.length))
    if (clash) throw clashingArtifact(path, clash.path)
  }
}

/** The bytes of a file. Throws NOT_FOUND. */
export const getBytes = (folder: RemoteFolder, path: string): Promise<Uint8Array> =>
  folder.client.receive(folder.urlOf(path, "read"), async body => {
    const chunks: Uint8Array[] = []
    for await (const chunk of body) chunks.push(chunk)
    return new Uint8Array(Buffer.concat(chunks))
  })

/** Downloads a file to a temporary one beside `target`, streamed, and says its hash. The caller renames or removes it. */
export const getStaged = async (
  folder: RemoteFolder,
  path: string,
  target: string,
): Promise<{ path: string; sha256: string }> => {
  const staged = stagingPath(dirname(target))
  try {
    await mkdir(dirname(target), { recursive: true })
    return await folder.client.receive(folder.urlOf(path, "read"), async body => {
      const hash = createHash("sha256")
      await pipeline(updating(hash, body), createWriteStream(staged))
      return { path: staged, sha256: hash.digest("hex") }
    })
  } catch (error) {
    await rm(staged, { force: true })
    throw toRoadmapError(error)
  }
}

/** The entries directly in a folder below, sorted by path. */
export const listFolder = async (folder: RemoteFolder, path = ""): Promise<RemoteEntry[]> =>
  (await folder.list(path)).sort((a, b) => (a.path < b.path ? -1 : 1))

/** Every file below, folder after folder. */
export const filesBelow = async (folder: RemoteFolder, path = ""): Promise<RemoteEntry[]> => {
  const found: RemoteEntry[] = []
  for (const entry of await listFolder(folder, path)) {
    if (entry.isDirectory) found.push(...(await filesBelow(folder, entry.path)))
    else found.push(entry)
  }
  return found
}

/** Does `work` for every item, at most `width` at a time. The first error ends it after what has begun. */
export const inParallel = async <T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
): Promise<void> => {
  const queue = items.values()
  const one = async () => {
    for (const item of queue) await work(item)
  }
  const ended = await Promise.allSettled(Array.from({ length: Math.min(width, items.length) }, one))
  const failed = ended.find(each => each.status === "rejected")
  if (failed) throw failed.reason
}

async function* updating(hash: Hash, chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    hash.update(chunk)
    yield chunk
  }
}

/** Exactly the bytes that were announced: a file that shrinks while it is sent would leave the server waiting for the rest. */
async function* fileChunks(file: string, size: number): AsyncGenerator<Uint8Array> {
  if (size === 0) return
  let sent = 0
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 18, end: size - 1 })) {
    sent += chunk.byteLength
    yield chunk
  }
  if (sent < size) throw changed(file)
}

const changed = (what: string) =>
  new RoadmapError("FILE_CORRUPT", `The source of "${what}" changed while it was uploaded.`, {
    hint: "Log it again when nothing writes to it.",
  })

async function* chunksOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.byteLength; start += 1 << 18)
    yield bytes.subarray(start, start + (1 << 18))
}
