import { existsSync, readFileSync } from "node:fs"
import { writeFileAtomic } from "@roadmap/core/files"

/** Vectors of one length in a file, one after the other. */
export const writeVectors = (path: string, vectors: readonly Float32Array[]): Promise<void> => {
  const dimensions = vectors[0].length
  const all = new Float32Array(vectors.length * dimensions)
  for (const [i, vector] of vectors.entries()) all.set(vector, i * dimensions)
  return writeFileAtomic(path, new Uint8Array(all.buffer))
}

export const readVectors = (path: string, dimensions: number): Float32Array[] => {
  const bytes = readFileSync(path)
  const all = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength))
  return Array.from({ length: all.length / dimensions }, (_, i) =>
    all.subarray(i * dimensions, (i + 1) * dimensions),
  )
}

export const readJson = <T>(path: string): T => JSON.parse(readFileSync(path, "utf8")) as T

export const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFileAtomic(path, JSON.stringify(value))

export const isThere = (path: string): boolean => existsSync(path)

/** Milliseconds at a share of the sorted times. */
export const quantile = (times: readonly number[], share: number): number =>
  [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.floor(share * times.length))]
