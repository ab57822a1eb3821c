import { textWidth } from "@roadmap/report/text-width"
import type { CommandContext } from "./context.ts"

/** Sets the Markdown of an answer for a terminal while it is still growing. */
export interface AnswerText {
  push(text: string): void
  /** Writes what is left, and the end of the last line. */
  end(): void
}

/**
 * Words are written as soon as they are whole and broken at `width`; code loses its fences and is indented; tables keep
 * their lines. Markers such as [1] and code are coloured where colours are on.
 */
export const createAnswerText = (
  { colors }: Pick<CommandContext, "colors">,
  width: number,
  write: (text: string) => void,
): AnswerText => {
  let waiting = ""
  let column = 0
  let hang = ""
  let inCode = false

  const word = (text: string) => {
    const painted = text.replace(/\[\d+\]/g, marker => colors.cyan(marker))
    const size = textWidth(text)
    if (column > textWidth(hang) && column + 1 + size > width) {
      write(`\n${hang}${painted}`)
      column = textWidth(hang) + size
    } else {
      write(`${column > textWidth(hang) ? " " : ""}${painted}`)
      column += size + (column > textWidth(hang) ? 1 : 0)
    }
  }
  const line = (text: string) => {
    if (/^\s*(?:`{3,}|~{3,})/.test(text)) inCode = !inCode
    else if (inCode) write(`${text === "" ? "" : `  ${colors.green(text)}`}\n`)
    else write(`${text}\n`)
  }
  const endOfWords = () => {
    write("\n")
    column = 0
    hang = ""
  }
  /** The part of a line that stands alone: words of a paragraph; nothing of a line that is taken whole. */
  const words = (text: string, final: boolean): string => {
    let rest = text
    if (column === 0) {
      const item = /^\s*(?:[-*]|\d+\.) /.exec(rest)?.[0]
      if (item) {
        write(item)
        hang = " ".repeat(item.length)
        column = item.length
        rest = rest.slice(item.length)
      }
    }
    const whole = final ? rest : rest.slice(0, rest.lastIndexOf(" ") + 1)
    for (const each of whole.split(/\s+/)) if (each !== "") word(each)
    return rest.slice(whole.length)
  }
  /** Lines that are never broken: code, its fences, a table's rows. */
  const isWhole = (text: string) => inCode || (column === 0 && /^\s*(?:`{3}|~{3}|\||$)/.test(text))

  return {
    push(text) {
      waiting += text
      for (let at = waiting.indexOf("\n"); at >= 0; at = waiting.indexOf("\n")) {
        const first = waiting.slice(0, at)
        waiting = waiting.slice(at + 1)
        if (isWhole(first)) line(first)
        else {
          words(first, true)
          endOfWords()
        }
      }
      if (waiting.length > 3 && !isWhole(waiting)) waiting = words(waiting, false)
    },
    end() {
      if (waiting !== "" && isWhole(waiting)) line(waiting)
      else {
        words(waiting, true)
        if (column > 0) endOfWords()
      }
      waiting = ""
    },
  }
}
