import { type Bitmap, rowBlocks } from "./bitmap.ts"
import { type KernelMemory, openMemory } from "./kernels.ts"
import { BLOCK_ROWS, type Layout, planLayout, SCORED_ROWS } from "./layout.ts"
import { type BestRows, bestRows } from "./nearest.ts"
import { createQuantizer, type Quantizer } from "./quantize.ts"

/** Vectors of length 1 by row, in the memory of the kernels. */
export interface VectorMatrix {
  /** Bytes of the memory, all in all. */
  readonly bytes: number
  /** Makes room for so many rows; the memory at least doubles when it grows. */
  reserve(rows: number): void
  write(row: number, vector: Float32Array): void
  /**
   * The k best rows of `eligible` and those that score as the last of them, in no order, with their dot products. From
   * 5,000 eligible rows on, unless `exact`, a code of one bit a dimension picks the candidates whose dot products are taken.
   * `live` are the rows that have a vector.
   */
  nearest(
    query: Float32Array,
    options: { k: number; eligible: Bitmap; live: Bitmap; exact: boolean },
  ): { rows: Uint32Array; scores: Float32Array }
}

/** Below it, comparing all is as fast as looking for candidates. */
const exactRows = 5_000
/** Candidates whose dot products are taken: at least so many, and so many a hit. */
const fewestCandidates = 256
const candidatesPerHit = 16

export const createMatrix = (dimensions: number): VectorMatrix => {
  let layout: Layout = planLayout(dimensions, 0)
  let memory: KernelMemory = openMemory(layout.bytes)
  let floats = new Float32Array(memory.buffer)
  let view = new DataView(memory.buffer)
  let codes: { quantizer: Quantizer; rows: number } | undefined

  const vectorAt = (row: number): Float32Array => {
    const start = layout.vectors / 4 + row * layout.floats
    return floats.subarray(start, start + dimensions)
  }
  const encode = (quantizer: Quantizer, row: number) =>
    quantizer.encode(vectorAt(row), view, layout.codes + row * layout.codeBytes)

  /** Codes are made when they are first needed, and made anew around a new mean when the rows have doubled. */
  const quantizerOf = (live: Bitmap): Quantizer => {
    if (codes && live.count <= 2 * codes.rows) return codes.quantizer
    const mean = new Float64Array(dimensions)
    for (const block of rowBlocks(live, BLOCK_ROWS))
      for (const row of block) {
        const vector = vectorAt(row)
        for (let i = 0; i < dimensions; i++) mean[i] += vector[i] / live.count
      }
    const quantizer = createQuantizer(Float32Array.from(mean))
    for (const block of rowBlocks(live, BLOCK_ROWS)) for (const row of block) encode(quantizer, row)
    codes = { quantizer, rows: live.count }
    return quantizer
  }

  const scoreInto = (best: BestRows, rows: Uint32Array) => {
    for (let from = 0; from < rows.length; from += SCORED_ROWS) {
      const some = rows.subarray(from, from + SCORED_ROWS)
      new Uint32Array(memory.buffer, layout.rows, some.length).set(some)
      const { query, vectors, out } = layout
      memory.kernels.scoreRows(query, vectors, layout.rows, some.length, layout.floats, out)
      for (let i = 0; i < some.length; i++) best.add(some[i], floats[out / 4 + i])
    }
  }

  const candidates = (query: Float32Array, k: number, eligible: Bitmap, live: Bitmap): Uint32Array => {
    const { a, b, c } = quantizerOf(live).encodeQuery(query, view, layout.planes)
    const words = eligible.words.subarray(0, layout.capacity / 32)
    new Uint32Array(memory.buffer, layout.bitmap, words.length).set(words)
    const best = bestRows(Math.max(fewestCandidates, candidatesPerHit * k))
    const out = new Uint32Array(memory.buffer, layout.out, 2 * BLOCK_ROWS)
    const values = new Float32Array(memory.buffer, layout.out, 2 * BLOCK_ROWS)
    const end = 32 * words.length
    for (let from = 0; from < end; from += BLOCK_ROWS) {
      const to = Math.min(end, from + BLOCK_ROWS)
      const found = memory.kernels.estimateRows(
        ...([layout.codes, layout.words, layout.planes, layout.bitmap, from, to] as const),
        ...([a, b, c, best.threshold, layout.out] as const),
      )
      for (let i = 0; i < found; i++) best.add(out[2 * i], values[2 * i + 1])
    }
    return best.rows().rows
  }

  return {
    get bytes() {
      return memory.buffer.byteLength
    },
    reserve(rows) {
      if (rows <= layout.capacity) return
      const before = { layout, memory }
      layout = planLayout(dimensions, Math.max(rows, layout.capacity === 32 ? 0 : 2 * layout.capacity))
      memory = openMemory(layout.bytes)
      floats = new Float32Array(memory.buffer)
      view = new DataView(memory.buffer)
      const bytes = new Uint8Array(memory.buffer)
      const copy = (to: number, from: number, length: number) =>
        bytes.set(new Uint8Array(before.memory.buffer, from, length), to)
      copy(layout.vectors, before.layout.vectors, 4 * before.layout.floats * before.layout.capacity)
      copy(layout.codes, before.layout.codes, before.layout.codeBytes * before.layout.capacity)
    },
    write(row, vector) {
      vectorAt(row).set(vector)
      if (codes) encode(codes.quantizer, row)
    },
    nearest(query, { k, eligible, live, exact }) {
      floats.fill(0, layout.query / 4, layout.query / 4 + layout.floats)
      floats.set(query, layout.query / 4)
      const best = bestRows(k)
      if (exact || eligible.count <= Math.max(exactRows, candidatesPerHit * k))
        for (const rows of rowBlocks(eligible, SCORED_ROWS)) scoreInto(best, rows)
      else scoreInto(best, candidates(query, k, eligible, live))
      return best.rows()
    },
  }
}
