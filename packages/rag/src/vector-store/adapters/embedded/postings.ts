import type { Filter, Filterable, PlainCondition, Scalar } from "../../../filter.ts"
import { plainConditions } from "../../../filter.ts"
import { emptyWords, setBit } from "./bitmap.ts"

/** Which rows have which values: filters become bitmaps without a look at the other rows. */
export interface Postings {
  add(row: number, metadata: Filterable): void
  remove(row: number, metadata: Filterable): void
  /** The rows that fit, among `live`. */
  matching(filter: Filter, live: Uint32Array): Uint32Array
}

export const createPostings = (): Postings => {
  const fields = new Map<string, Map<Scalar, Set<number>>>()
  const each = (metadata: Filterable, visit: (field: string, value: Scalar) => void) => {
    for (const [field, value] of Object.entries(metadata))
      for (const item of typeof value === "object" ? new Set(value) : [value]) visit(field, item)
  }
  const rowsThatFit = (field: string, condition: PlainCondition, live: Uint32Array): Uint32Array => {
    const values = fields.get(field)
    const words = emptyWords(32 * live.length)
    const include = (value: Scalar) => {
      for (const row of values?.get(value) ?? []) setBit(words, row)
    }
    switch (condition.kind) {
      case "in":
        for (const value of condition.values) include(value)
        return words
      case "not":
        include(condition.value)
        return words.map((word, i) => live[i] & ~word)
      case "range":
        for (const value of values?.keys() ?? [])
          if (typeof value === "number" && value >= condition.gte && value <= condition.lte) include(value)
        return words
    }
  }
  return {
    add(row, metadata) {
      each(metadata, (field, value) => {
        const values = fields.get(field) ?? new Map<Scalar, Set<number>>()
        fields.set(field, values)
        const rows = values.get(value)
        if (rows) rows.add(row)
        else values.set(value, new Set([row]))
      })
    },
    remove(row, metadata) {
      each(metadata, (field, value) => {
        const values = fields.get(field)
        const rows = values?.get(value)
        rows?.delete(row)
        if (rows?.size === 0) values?.delete(value)
      })
    },
    matching(filter, live) {
      let words = live
      for (const [field, condition] of plainConditions(filter)) {
        const fitting = rowsThatFit(field, condition, live)
        words = words.map((word, i) => word & fitting[i])
      }
      return words
    },
  }
}
