import { RoadmapError } from "@roadmap/core/errors"
import type { Column, QueryOptions, SqlEngine, SqlParameter } from "./port.ts"

/** How a column is collected. "category" gives a code a row and the sorted texts that the codes stand for. */
export type CollectAs = "float64" | "float32" | "int32" | "category"

export interface CategoryValues {
  /** Index into `categories`; -1 for a null. */
  readonly codes: Int32Array
  readonly categories: readonly string[]
}

interface Collected {
  float64: Float64Array
  float32: Float32Array
  int32: Int32Array
  category: CategoryValues
}

export interface CollectOptions<Columns extends Record<string, CollectAs>>
  extends Omit<QueryOptions, "onProgress"> {
  /** Result column -> form. Other columns of the statement are passed over. */
  columns: Columns
  params?: readonly SqlParameter[]
  /** Called after each batch with the rows read so far. */
  onProgress?: (rows: number) => void
}

/**
 * Reads numeric columns of a statement into one typed array each, in one pass and without a row object: one
 * value a row, nulls as NaN, booleans as 0 and 1, dates as days and timestamps as microseconds since 1970.
 * An int32 takes no null and no value out of its range. Throws SCHEMA_MISMATCH for an absent or unfit column,
 * INVALID_INPUT for a value that has no place in the asked form.
 */
export const collectColumns = async <const Columns extends Record<string, CollectAs>>(
  engine: SqlEngine,
  sql: string,
  options: CollectOptions<Columns>,
): Promise<{ [Name in keyof Columns]: Collected[Columns[Name]] }> => {
  const collectors = Object.entries(options.columns).map(([name, form]) => ({
    name,
    collector: form === "category" ? categoryCollector(name) : numberCollector(name, form),
  }))
  let rows = 0
  for await (const batch of engine.stream(sql, options.params, { signal: options.signal })) {
    for (const { name, collector } of collectors) collector.add(columnOf(batch.columns, name))
    rows += batch.rows
    options.onProgress?.(rows)
  }
  return Object.fromEntries(collectors.map(({ name, collector }) => [name, collector.finish(rows)])) as {
    [Name in keyof Columns]: Collected[Columns[Name]]
  }
}

const columnOf = (columns: readonly Column[], name: string): Column => {
  const column = columns.find(candidate => candidate.name === name)
  if (column) return column
  throw new RoadmapError(
    "SCHEMA_MISMATCH",
    `The statement gives no column "${name}"; it gives ${columns.map(each => each.name).join(", ")}.`,
  )
}

interface Collector {
  add(column: Column): void
  finish(rows: number): Float64Array | Float32Array | Int32Array | CategoryValues
}

/**
 * Values go to blocks of 65,536 and are joined at the end, block by block freed: at its peak this holds the
 * result and one column more, where doubling an array would hold three times the column.
 */
const blockRows = 65_536

const numberCollector = (name: string, form: "float64" | "float32" | "int32"): Collector => {
  const Values = form === "float64" ? Float64Array : form === "float32" ? Float32Array : Int32Array
  const blocks: (Float64Array | Float32Array | Int32Array)[] = []
  let used = blockRows
  return {
    add(column) {
      const count = column.values.length
      for (let from = 0; from < count; ) {
        if (used === blockRows) {
          blocks.push(new Values(blockRows))
          used = 0
        }
        const to = Math.min(count, from + blockRows - used)
        copyNumbers(column, from, to, blocks[blocks.length - 1], used, form === "int32" ? name : undefined)
        used += to - from
        from = to
      }
    },
    finish(rows) {
      const joined = new Values(rows)
      for (let index = 0; index < blocks.length; index++) {
        const offset = index * blockRows
        joined.set(blocks[index].subarray(0, rows - offset), offset)
        blocks[index] = new Values(0)
      }
      return joined
    },
  }
}

/** `integerName` names the column when the target is int32, which has no room for a null or a fraction. */
const copyNumbers = (
  column: Column,
  from: number,
  to: number,
  target: Float64Array | Float32Array | Int32Array,
  at: number,
  integerName: string | undefined,
): void => {
  const { values, valid } = column
  if (column.type === "decimal") {
    for (let row = from; row < to; row++) target[at + row - from] = Number(column.values[row])
  } else if (values instanceof BigInt64Array) {
    // As two 32-bit halves: a BigInt a value would be allocated and thrown away.
    const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
    for (let row = from; row < to; row++) {
      const value = halves[2 * row + 1] * 0x1_0000_0000 + (halves[2 * row] >>> 0)
      target[at + row - from] = value
      if (integerName !== undefined && target[at + row - from] !== value) refuseInteger(integerName, value)
    }
  } else if (column.type === "string") {
    throw new RoadmapError(
      "SCHEMA_MISMATCH",
      `Column "${column.name}" is text; it cannot be collected as numbers.`,
      {
        hint: 'Collect it as "category", or cast it in the statement.',
      },
    )
  } else {
    const numbers = values as Uint8Array | Int32Array | Float32Array | Float64Array
    if (integerName !== undefined && !(numbers instanceof Int32Array) && !(numbers instanceof Uint8Array))
      throw new RoadmapError(
        "SCHEMA_MISMATCH",
        `Column "${integerName}" is ${column.type}; collect it as float64 or cast it in the statement.`,
      )
    target.set(numbers.subarray(from, to), at)
  }
  if (!valid) return
  for (let row = from; row < to; row++) {
    if (valid[row] !== 0) continue
    if (integerName !== undefined)
      throw new RoadmapError(
        "INVALID_INPUT",
        `Column "${integerName}" has a null, which an int32 cannot hold.`,
        {
          hint: "Collect it as float64 (null becomes NaN) or replace nulls in the statement.",
        },
      )
    target[at + row - from] = Number.NaN
  }
}

const refuseInteger = (name: string, value: number): never => {
  throw new RoadmapError("INVALID_INPUT", `Column "${name}" has ${value}, beyond a 32-bit integer.`, {
    hint: "Collect it as float64.",
  })
}

const categoryCollector = (name: string): Collector => {
  const seen = new Map<string, number>()
  const codes = numberCollector(name, "int32")
  return {
    add(column) {
      if (column.type !== "string")
        throw new RoadmapError("SCHEMA_MISMATCH", `Column "${name}" is ${column.type}, not text.`, {
          hint: "Cast it to varchar in the statement to collect it as a category.",
        })
      const { values, valid } = column
      const batchCodes = new Int32Array(values.length)
      for (let row = 0; row < values.length; row++) {
        if (valid?.[row] === 0) {
          batchCodes[row] = -1
          continue
        }
        const code = seen.get(values[row])
        if (code === undefined) {
          batchCodes[row] = seen.size
          seen.set(values[row], seen.size)
        } else batchCodes[row] = code
      }
      codes.add({ name, type: "int32", values: batchCodes })
    },
    finish(rows) {
      const arrival = codes.finish(rows) as Int32Array
      const categories = [...seen.keys()].sort()
      const sorted = new Int32Array(categories.length)
      categories.forEach((category, code) => {
        sorted[seen.get(category)!] = code
      })
      for (let row = 0; row < rows; row++) if (arrival[row] >= 0) arrival[row] = sorted[arrival[row]]
      return { codes: arrival, categories }
    },
  }
}
