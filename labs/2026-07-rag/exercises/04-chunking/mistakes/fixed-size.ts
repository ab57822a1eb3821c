// mistake: fixed-size
import type { Piece } from "../solution.ts"

export const chunk = (markdown: string, size: number): Piece[] => {
  const pieces: Piece[] = []
  for (let at = 0; at < markdown.length; at += size)
    pieces.push({ headings: [], text: markdown.slice(at, at + size) })
  return pieces
}
