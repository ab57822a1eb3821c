import { sentenceSpans } from "./sentences.ts"

/** A finished part of an answer that a model is still writing. */
export interface Part {
  kind: "sentence" | "code"
  text: string
  /** White space before it: between paragraphs and list items it holds a line break. */
  gap: string
}

/** Cuts growing text into whole sentences and whole code blocks. */
export interface SentenceStream {
  push(text: string): Part[]
  /** What is left; a sentence the stream stopped in is given as it is. */
  end(): Part[]
}

export const sentenceStream = (): SentenceStream => {
  let waiting = ""
  const take = (final: boolean): Part[] => {
    const parts: Part[] = []
    while (waiting.trim() !== "") {
      const length = lengthOfNext(waiting, final)
      if (length === undefined) break
      const text = waiting.slice(0, length)
      waiting = waiting.slice(length)
      const gap = text.slice(0, text.length - text.trimStart().length)
      parts.push({ kind: /^\s*(?:`{3,}|~{3,})/.test(text) ? "code" : "sentence", text: text.trim(), gap })
    }
    return parts
  }
  return {
    push(text) {
      waiting += text
      return take(false)
    },
    end: () => take(true),
  }
}

/** Characters of the first finished part; undefined while it may still grow. */
const lengthOfNext = (text: string, final: boolean): number | undefined => {
  const fence = /^\s*(`{3,}|~{3,})[^\n]*\n/.exec(text)
  if (fence) {
    const closing = text.indexOf(`\n${fence[1]}`, fence[0].length - 1)
    if (closing >= 0) return closing + 1 + fence[1].length
    return final ? text.length : undefined
  }
  const start = text.length - text.trimStart().length
  const line = text.indexOf("\n", start)
  const paragraph = line < 0 ? text : text.slice(0, line)
  const [[, first], second] = [sentenceSpans(paragraph)[0], sentenceSpans(paragraph)[1]]
  // A fence may be on its way: its backticks begin a line.
  if (/^\s*[`~]{1,3}[\w+-]*$/.test(text) && !final) return undefined
  if (second) return first
  if (line >= 0) return line
  return final ? text.length : undefined
}
