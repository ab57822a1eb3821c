/** Words that end with a full stop and no sentence. */
const abbreviations = /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx|resp|incl|no|fig|sec|dr|mr|mrs|st|al)\.$/i

/**
 * Spans of the sentences of a paragraph, which together cover it. A sentence ends at . ! ? (and closing quotes or
 * brackets) before white space and something that can begin another one; never inside `code` or a link's target.
 */
export const sentenceSpans = (text: string): [number, number][] => {
  const spans: [number, number][] = []
  const closed = codeAndLinks(text)
  let start = 0
  for (const match of text.matchAll(/[.!?]+["'”’)\]*_]*(?=\s+(?:>\s*)?[\p{Lu}\p{N}`"'“([*_\p{So}])/gu)) {
    const end = match.index + match[0].length
    if (closed.some(([from, to]) => match.index > from && match.index < to)) continue
    if (abbreviations.test(text.slice(Math.max(0, match.index - 8), match.index + 1))) continue
    // "1. Open" in the middle of a line, "v1. Next": a number alone ends no sentence that began with it.
    if (/^\s*\d+$/.test(text.slice(start, match.index))) continue
    spans.push([start, end])
    start = end
  }
  if (text.slice(start).trim() !== "") spans.push([start, text.length])
  return spans
}

const codeAndLinks = (text: string): [number, number][] =>
  Array.from(text.matchAll(/`[^`]+`|\]\([^)\s]*\)|https?:\/\/\S+/g), match => [
    match.index,
    // The full stop behind an address ends the sentence.
    match.index + match[0].replace(/[.,!?]+$/, "").length,
  ])
