import { setPriority } from "node:os"
import { parentPort } from "node:worker_threads"
import { toRoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import type { LogRows } from "./builder.ts"
import { toParquet } from "./parquet.ts"

/** A file to write. */
export interface LogFile {
  readonly path: string
  readonly model: string
  readonly version: number
  readonly content: LogRows
}

export type WrittenFile = { readonly bytes: number } | { readonly error: { code: string; message: string } }

// Requests go first where cores are few. Linux keeps a priority for each thread; elsewhere this would slow the whole process.
if (process.platform === "linux") setPriority(5)

parentPort!.on("message", async ({ path, model, version, content }: LogFile) => {
  let answer: WrittenFile
  try {
    const bytes = toParquet(content, model, version)
    await writeFileAtomic(path, bytes)
    answer = { bytes: bytes.length }
  } catch (error) {
    const { code, message } = toRoadmapError(error)
    answer = { error: { code, message } }
  }
  parentPort!.postMessage(answer)
})
