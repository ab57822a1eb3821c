export interface Piece {
  /** Path of headings, outermost first. */
  headings: string[]
  /** A part of the text, unchanged. */
  text: string
}

/** A line, and what it can begin or end. Line ends belong to the line. */
interface Line {
  text: string
  /** 1 to 6 for a heading. */
  level?: number
  /** Number of backticks when the line begins with three or more. */
  fence?: number
  empty: boolean
}

/** The lines of a text. Put together they are the text. */
const linesOf = (markdown: string): Line[] =>
  (markdown.match(/[^\n]*\n|[^\n]+$/g) ?? []).map(text => {
    const level = /^(#{1,6}) /.exec(text)?.[1].length
    const fence = /^(`{3,})/.exec(text)?.[1].length
    return { text, empty: text.trim() === "", ...(level && { level }), ...(fence && { fence }) }
  })

/** Pieces of at most `size` characters where the blocks allow it; blocks are never cut. */
export const chunk = (markdown: string, size: number): Piece[] => {
  const pieces: Piece[] = []
  for (const { text } of linesOf(markdown)) {
    const last = pieces.at(-1)
    if (last && last.text.length + text.length <= size) last.text += text
    else pieces.push({ headings: [], text })
  }
  return pieces
}
