import type { Filterable } from "../filter.ts"
import { distinct } from "./build.ts"
import { idAt, type Segment } from "./segment.ts"

/** A segment with what was deleted from it: 1 for each chunk that is gone. */
export interface LiveSegment {
  segment: Segment
  deleted: Uint8Array
}

/** One segment of several, in their order, without what was deleted. No text is analysed again. */
export const mergeSegments = (parts: readonly LiveSegment[]): Segment => {
  const renumbered = parts.map(({ segment, deleted }) => ({
    segment,
    numbers: new Int32Array(segment.count),
    deleted,
  }))
  const ids: string[] = []
  let count = 0
  for (const { segment, numbers, deleted } of renumbered)
    for (let doc = 0; doc < segment.count; doc++) {
      numbers[doc] = deleted[doc] === 1 ? -1 : count++
      if (numbers[doc] >= 0) ids.push(idAt(segment, doc))
    }

  const textLengths = new Uint32Array(count)
  const contextLengths = new Uint32Array(count)
  const filterableNumbers = new Uint32Array(count)
  const filterables = distinct<Filterable>()
  for (const { segment, numbers } of renumbered) {
    const filterableAt = new Map<number, number>()
    for (let doc = 0; doc < segment.count; doc++) {
      const to = numbers[doc]
      if (to < 0) continue
      textLengths[to] = segment.textLengths[doc]
      contextLengths[to] = segment.contextLengths[doc]
      const from = segment.filterableOf[doc]
      if (!filterableAt.has(from)) filterableAt.set(from, filterables.number(segment.filterables[from]))
      filterableNumbers[to] = filterableAt.get(from)!
    }
  }
  return {
    ids: ids.join(""),
    count,
    ...mergedPostings(renumbered),
    textLengths,
    contextLengths,
    filterables: filterables.values,
    filterableOf: filterableNumbers,
  }
}

const mergedPostings = (parts: readonly { segment: Segment; numbers: Int32Array }[]) => {
  const termNumbers = new Map<string, number>()
  const sizes: number[] = []
  const termMaps = parts.map(({ segment, numbers }) => {
    const map = new Int32Array(segment.terms.length).fill(-1)
    segment.terms.forEach((term, t) => {
      let live = 0
      for (let p = segment.offsets[t]; p < segment.offsets[t + 1]; p++)
        if (numbers[segment.docs[p]] >= 0) live++
      if (live === 0) return
      let number = termNumbers.get(term)
      if (number === undefined) {
        termNumbers.set(term, (number = termNumbers.size))
        sizes.push(0)
      }
      sizes[number] += live
      map[t] = number
    })
    return map
  })
  const offsets = new Uint32Array(sizes.length + 1)
  sizes.forEach((size, term) => {
    offsets[term + 1] = offsets[term] + size
  })
  const next = offsets.slice(0, sizes.length)
  const total = offsets[sizes.length]
  const docs = new Uint32Array(total)
  const inText = new Uint8Array(total)
  const inContext = new Uint8Array(total)
  parts.forEach(({ segment, numbers }, index) => {
    const map = termMaps[index]
    for (let t = 0; t < map.length; t++) {
      const term = map[t]
      if (term < 0) continue
      for (let p = segment.offsets[t]; p < segment.offsets[t + 1]; p++) {
        const doc = numbers[segment.docs[p]]
        if (doc < 0) continue
        const at = next[term]++
        docs[at] = doc
        inText[at] = segment.inText[p]
        inContext[at] = segment.inContext[p]
      }
    }
  })
  return { terms: [...termNumbers.keys()], offsets, docs, inText, inContext }
}
