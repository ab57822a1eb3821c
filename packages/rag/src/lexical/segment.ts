import { RoadmapError } from "@roadmap/core/errors"
import type { Filterable } from "../filter.ts"

/**
 * An immutable inverted index of some chunks. Postings of term t are the entries `offsets[t]` to `offsets[t + 1]` of
 * `docs` (chunk numbers, ascending), `inText` and `inContext` (how often, up to 255).
 */
export interface Segment {
  /** Chunk ids by number, `idLength` characters each, joined. */
  ids: string
  count: number
  terms: readonly string[]
  offsets: Uint32Array
  docs: Uint32Array
  inText: Uint8Array
  inContext: Uint8Array
  /** Terms of each chunk. */
  textLengths: Uint32Array
  contextLengths: Uint32Array
  /** What filters see: distinct values, and which one each chunk has. */
  filterables: readonly Filterable[]
  filterableOf: Uint32Array
}

/** Chunk ids are 32 hexadecimal digits (see toChunks). */
export const idLength = 32

export const idAt = (segment: Segment, chunk: number): string =>
  segment.ids.slice(chunk * idLength, (chunk + 1) * idLength)

const magic = 0x52_4d_4c_31

/** One block of bytes: a header of numbers, then the arrays, those of 4 bytes first so that they stay aligned. */
export const encodeSegment = (segment: Segment): Uint8Array => {
  const encoder = new TextEncoder()
  const texts = [
    encoder.encode(segment.ids),
    encoder.encode(segment.terms.join("\n")),
    encoder.encode(JSON.stringify(segment.filterables)),
  ]
  const header = new Uint32Array([
    magic,
    segment.count,
    segment.terms.length,
    segment.docs.length,
    ...texts.map(each => each.length),
  ])
  const parts = [
    header,
    segment.offsets,
    segment.docs,
    segment.textLengths,
    segment.contextLengths,
    segment.filterableOf,
    segment.inText,
    segment.inContext,
    ...texts,
  ]
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at)
    at += part.byteLength
  }
  return bytes
}

/** The segment of encodeSegment's bytes; its arrays are views of them. Throws STATE_CORRUPT for other bytes. */
export const decodeSegment = (given: Uint8Array): Segment => {
  const bytes = given.byteOffset % 4 === 0 ? given : given.slice()
  let at = 0
  const numbers = (length: number) => {
    const view = new Uint32Array(bytes.buffer, bytes.byteOffset + at, length)
    at += 4 * length
    return view
  }
  const small = (length: number) => bytes.subarray(at, (at += length))
  const decoder = new TextDecoder()
  if (bytes.length < 28) throw corrupt()
  const [mark, count, termCount, postings, ...textLengths] = numbers(7)
  const size =
    28 + 4 * (termCount + 1 + postings + 3 * count) + 2 * postings + textLengths.reduce((a, b) => a + b)
  if (mark !== magic || size !== bytes.length) throw corrupt()
  const arrays = {
    offsets: numbers(termCount + 1),
    docs: numbers(postings),
    textLengths: numbers(count),
    contextLengths: numbers(count),
    filterableOf: numbers(count),
    inText: small(postings),
    inContext: small(postings),
  }
  const ids = decoder.decode(small(textLengths[0]))
  const terms = decoder.decode(small(textLengths[1]))
  return {
    ids,
    count,
    terms: termCount === 0 ? [] : terms.split("\n"),
    ...arrays,
    filterables: JSON.parse(decoder.decode(small(textLengths[2]))),
  }
}

const corrupt = () =>
  new RoadmapError("STATE_CORRUPT", "A part of the lexical index is not as it was written.", {
    hint: "Build the index again: roadmap ask --rebuild.",
  })
