// mistake: numbers-every-use
import type { Claim, Verified } from "../solution.ts"

export const verify = (claims: readonly Claim[], documents: Readonly<Record<string, string>>): Verified => {
  const citations: Verified["citations"] = []
  const markerOf = (document: string, start: number, end: number): number => {
    return citations.push({ marker: citations.length + 1, document, start, end })
  }
  const sentences: string[] = []
  for (const { sentence, citations: given } of claims) {
    const markers = new Set<number>()
    for (const { document, quote, start } of given) {
      const text = Object.hasOwn(documents, document) ? documents[document] : undefined
      const place = text === undefined ? undefined : nearestPlace(text, quote, start)
      if (place !== undefined) markers.add(markerOf(document, place, place + quote.length))
    }
    if (markers.size > 0) sentences.push(`${sentence} ${[...markers].map(marker => `[${marker}]`).join("")}`)
  }
  return { status: sentences.length > 0 ? "answered" : "declined", text: sentences.join(" "), citations }
}

const nearestPlace = (text: string, quote: string, start: number): number | undefined => {
  if (quote === "") return undefined
  let nearest: number | undefined
  for (let at = text.indexOf(quote); at >= 0; at = text.indexOf(quote, at + 1))
    if (nearest === undefined || Math.abs(at - start) < Math.abs(nearest - start)) nearest = at
  return nearest
}
