import type { Chunk } from "../chunk.ts"
import { characters } from "./chunker.ts"
import { withoutMarkup } from "./markup.ts"
import { atLines, atParagraphs, atSentences, atWords, splitRange } from "./split.ts"

/** Characters of a window. Small embedding models were trained on texts of a few sentences. */
export const windowSize = 400

/** For an index's binding. */
export const windowsId = `windows@1(${windowSize})`

/**
 * What is embedded of a chunk: its parts of a few sentences, each with the chunk's context before it. A chunk is as near
 * to a question as the nearest of its windows: found better than by one vector of the whole (MaxP: Dai and Callan, SIGIR
 * 2019), while words are still counted, and passages cited, in the whole chunk.
 */
export const windowsOf = (chunk: Pick<Chunk, "context" | "text">): string[] => {
  const text = withoutMarkup(chunk.text)
  const cuts = [atParagraphs, atSentences, atLines, atWords]
  const parts = splitRange(
    text,
    { start: 0, end: text.length },
    { size: windowSize, measure: characters, cuts },
  )
  const windows = parts
    .map(part => text.slice(part.start, part.end).trim())
    .filter(part => /[\p{L}\p{N}]/u.test(part))
  const context = chunk.context === "" ? "" : `${chunk.context}\n\n`
  // Markup alone: there is still a chunk to be found by its headings.
  return (windows.length === 0 ? [text.trim()] : windows).map(window => context + window)
}

/** Id of a window's vector. */
export const windowId = (chunkId: string, number: number): string => `${chunkId}#${number}`
