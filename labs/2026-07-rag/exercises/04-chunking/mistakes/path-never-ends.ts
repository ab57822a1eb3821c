// mistake: path-never-ends
import type { Piece } from "../solution.ts"

interface Line {
  text: string
  level?: number
  fence?: number
  empty: boolean
}

interface Block {
  text: string
  heading?: { level: number; title: string }
}

const linesOf = (markdown: string): Line[] =>
  (markdown.match(/[^\n]*\n|[^\n]+$/g) ?? []).map(text => {
    const level = /^(#{1,6}) /.exec(text)?.[1].length
    const fence = /^(`{3,})/.exec(text)?.[1].length
    return { text, empty: text.trim() === "", ...(level && { level }), ...(fence && { fence }) }
  })

export const chunk = (markdown: string, size: number): Piece[] => {
  const pieces: Piece[] = []
  const path: { level: number; title: string }[] = []
  let headingsOnly = false
  for (const { text, heading } of blocksOf(markdown)) {
    const last = pieces.at(-1)
    const joins: boolean =
      last !== undefined && (headingsOnly || (!heading && last.text.length + text.length <= size))
    if (heading) {
      path.push(heading)
    }
    const headings = path.map(({ title }) => title)
    if (last && joins) {
      last.text += text
      last.headings = headings
    } else pieces.push({ headings, text })
    headingsOnly = heading !== undefined && (headingsOnly || !joins)
  }
  return pieces
}

const blocksOf = (markdown: string): Block[] => {
  const blocks: Block[] = []
  let leading = ""
  let fence: number | undefined
  let paragraph = false
  for (const { text, level, fence: ticks, empty } of linesOf(markdown)) {
    const last = blocks.at(-1)
    if (last && (fence !== undefined || (empty && blocks.length > 0))) {
      last.text += text
      const closes = fence !== undefined && ticks !== undefined && ticks >= fence
      if (closes && text.trim() === "`".repeat(ticks)) fence = undefined
      paragraph = false
    } else if (empty) leading += text
    else if (last && paragraph && !level && !ticks) last.text += text
    else {
      const title = text.replace(/^#+ /, "").trim()
      blocks.push({ text: leading + text, ...(level && { heading: { level, title } }) })
      leading = ""
      fence = ticks
      paragraph = !level && !ticks
    }
  }
  if (leading !== "") blocks.push({ text: leading })
  return blocks
}
