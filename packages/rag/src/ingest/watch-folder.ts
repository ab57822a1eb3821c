import { watch } from "node:fs"
import { retry, sleep, throwIfAborted } from "@roadmap/core/async"
import { isRoadmapError } from "@roadmap/core/errors"
import type { Source } from "../load/source.ts"
import type { WritableIndex } from "../store/open.ts"
import { type IndexOptions, type IndexReceipt, indexSources } from "./index-sources.ts"

export interface WatchOptions extends IndexOptions {
  /** The folder that the source reads. */
  folder: string
  /** Milliseconds without a further change before the index is brought up to date. Default 300. */
  settleMs?: number
}

/**
 * Keeps an index like a source: brings it up to date at once, and again whenever something in the folder has changed and
 * then rested. Each round gives its receipt; files that did not change cost a reading and a hash. Waits for another
 * indexer up to some seconds. Ends when the signal aborts. Throws what indexSources throws.
 */
export async function* watchFolder(
  index: WritableIndex,
  source: Source,
  options: WatchOptions,
): AsyncGenerator<IndexReceipt> {
  const { folder, settleMs = 300, signal, ...indexing } = options
  let changes = 0
  let wake: () => void = () => undefined
  const watcher = watch(folder, { recursive: true }, () => {
    changes++
    wake()
  })
  const stop = () => wake()
  signal?.addEventListener("abort", stop)
  try {
    for (;;) {
      const seen = changes
      yield await retry(() => indexSources(index, [source], { ...indexing, signal }), {
        attempts: 6,
        baseMs: 200,
        signal,
      })
      while (changes === seen && !signal?.aborted) {
        const woken = new Promise<void>(resolve => {
          wake = resolve
        })
        if (changes === seen && !signal?.aborted) await woken
      }
      throwIfAborted(signal)
      for (let at = -1; at !== changes; ) {
        at = changes
        await sleep(settleMs, signal)
      }
    }
  } catch (error) {
    if (!(signal?.aborted && isRoadmapError(error, "INTERRUPTED"))) throw error
  } finally {
    signal?.removeEventListener("abort", stop)
    watcher.close()
  }
}
