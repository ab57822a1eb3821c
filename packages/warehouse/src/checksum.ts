import type { Column, QueryOptions, SqlEngine } from "./port.ts"

export interface Checksum {
  readonly rows: number
  /** 16 hexadecimal digits. */
  readonly checksum: string
}

/**
 * A fingerprint of a statement's rows that does not depend on their order, equal for equal values on every
 * engine: each row is hashed to 64 bits (its columns in order, by value) and the hashes are added. It tells
 * accidents apart, not forgeries. int32 and int64, and float32 and float64, of one value count as equal.
 */
export const checksum = async (
  engine: SqlEngine,
  sql: string,
  options: QueryOptions = {},
): Promise<Checksum> => {
  const texts = new Map<string, readonly [number, number]>()
  let rows = 0
  let low = 0
  let high = 0
  for await (const batch of engine.stream(sql, [], options)) {
    const lanes = [new Int32Array(batch.rows).fill(1), new Int32Array(batch.rows).fill(2)] as const
    for (const column of batch.columns) mixColumn(lanes, column, texts)
    for (let row = 0; row < batch.rows; row++) {
      low = (low + finish(lanes[0][row])) | 0
      high = (high + finish(lanes[1][row])) | 0
    }
    rows += batch.rows
  }
  const hex = (lane: number) => (lane >>> 0).toString(16).padStart(8, "0")
  return { rows, checksum: hex(high) + hex(low) }
}

type Lanes = readonly [Int32Array, Int32Array]

const mixColumn = (lanes: Lanes, column: Column, texts: Map<string, readonly [number, number]>): void => {
  const { valid } = column
  const rows = lanes[0].length
  if (column.type === "string" || column.type === "decimal") {
    for (let row = 0; row < rows; row++) {
      const [a, b] = valid?.[row] === 0 ? nullWords : textWords(column.values[row], texts)
      mixRow(lanes, row, a, b)
    }
    return
  }
  const words = wordsOf(column)
  for (let row = 0; row < rows; row++) {
    if (valid?.[row] === 0) mixRow(lanes, row, nullWords[0], nullWords[1])
    else mixRow(lanes, row, words[2 * row], words[2 * row + 1])
  }
}

const nullWords = [0x6e756c6c, 0x4e554c4c] as const

/** Two 32-bit words a value: integers as int64, other numbers as float64. */
const wordsOf = (column: Exclude<Column, { type: "string" | "decimal" }>): Int32Array => {
  if (column.type === "int64" || column.type === "timestamp")
    return new Int32Array(column.values.buffer, column.values.byteOffset, column.values.length * 2)
  if (column.type === "float32" || column.type === "float64") {
    // Adding zero turns -0 into 0: engines disagree about its sign.
    return new Int32Array(Float64Array.from(column.values, value => value + 0).buffer)
  }
  const words = new Int32Array(column.values.length * 2)
  for (let row = 0; row < column.values.length; row++) {
    words[2 * row] = column.values[row]
    words[2 * row + 1] = column.values[row] < 0 ? -1 : 0
  }
  return words
}

/** MurmurHash3's mixing step (Appleby, public domain), with a multiplier of its own for each lane. */
const mixRow = ([low, high]: Lanes, row: number, a: number, b: number): void => {
  low[row] = mix(mix(low[row], a, 0xcc9e2d51), b, 0xcc9e2d51)
  high[row] = mix(mix(high[row], b, 0x1b873593), a, 0x1b873593)
}

const mix = (hash: number, word: number, multiplier: number): number => {
  let k = Math.imul(word, multiplier)
  k = (k << 15) | (k >>> 17)
  const h = hash ^ k
  return (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
}

const finish = (hash: number): number => {
  let h = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

const textWords = (
  text: string,
  known: Map<string, readonly [number, number]>,
): readonly [number, number] => {
  const found = known.get(text)
  if (found) return found
  let a = 0x811c9dc5
  let b = text.length
  for (let at = 0; at < text.length; at++) {
    a = Math.imul(a ^ text.charCodeAt(at), 0x01000193)
    b = mix(b, text.charCodeAt(at), 0x1b873593)
  }
  const words = [a, b] as const
  if (known.size < 65_536) known.set(text, words)
  return words
}
