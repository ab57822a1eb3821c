import type { InputColumn } from "../model/inputs.ts"
import { type Cells, cellsFor, expectedOf, type MissingPolicy, writeCell, writeMissing } from "./cells.ts"
import { isObject } from "./json.ts"
import { listedProblems, malformed, misfit, type Problem, type Refusal, shown, tooMany } from "./refusal.ts"

export interface InputPolicy {
  /** Null in a required `double` or `float` column. Default "allow": a missing value, as MLflow has it. */
  readonly missing: MissingPolicy
  /** Columns that the signature does not have. Default "refuse"; MLflow ignores them. */
  readonly extra: "refuse" | "ignore"
  /** Rows of one request at most. */
  readonly maxRows: number
}

export interface ReadTable {
  readonly rows: number
  /** One array an input, in the order of the inputs. */
  readonly cells: readonly Cells[]
  /**
   * Keys of objects that were read; more in the text are repeated ones (or extra columns, where they are
   * ignored).
   */
  readonly keys: number
}

/** Reads a request's rows into typed columns, each value checked against the signature on the way. */
export interface TableReader {
  readonly inputs: readonly InputColumn[]
  readonly policy: InputPolicy
  /** Column names, then rows of values in that order. */
  split(columns: unknown, data: unknown): ReadTable | Refusal
  /** One object a row. */
  records(rows: unknown): ReadTable | Refusal
  /** One array a column, or one value a column: a single row. */
  byColumn(columns: Record<string, unknown>): ReadTable | Refusal
}

export const createTableReader = (inputs: readonly InputColumn[], policy: InputPolicy): TableReader => {
  const placeOf = new Map(inputs.map(({ name }, place) => [name, place]))

  const start = (rows: number) => ({
    cells: inputs.map(input => cellsFor(input, rows)),
    problems: createProblems(),
  })
  const finish = (
    rows: number,
    cells: readonly Cells[],
    problems: Problems,
    keys: number,
  ): ReadTable | Refusal => {
    if (problems.count > 0) return misfit(problems.listed, problems.count)
    return { rows, cells, keys }
  }
  const write = (place: number, cells: Cells, row: number, value: unknown, problems: Problems): void => {
    const input = inputs[place]
    if (!writeCell(input, cells, row, value, policy.missing))
      problems.add({
        row,
        column: input.name,
        expected: expectedOf(input, policy.missing),
        got: shown(value),
      })
  }
  const absent = (place: number, cells: Cells, rows: number, problems: Problems): void => {
    const input = inputs[place]
    if (input.required)
      problems.add({ column: input.name, expected: expectedOf(input, policy.missing), got: "no such column" })
    else for (let row = 0; row < rows; row++) writeMissing(input, cells, row, policy.missing)
  }
  const surplus = (name: string, problems: Problems, row?: number): void => {
    if (policy.extra === "refuse")
      problems.add({
        ...(row !== undefined && { row }),
        column: name,
        expected: "no such column",
        got: "a value",
      })
  }

  return {
    inputs,
    policy,
    split(columns, data) {
      if (!isTexts(columns)) return malformed('"columns" must be an array of column names.')
      if (!Array.isArray(data)) return malformed('"data" must be an array of rows, each an array of values.')
      if (data.length > policy.maxRows) return tooMany("rows", data.length, policy.maxRows)
      const { cells, problems } = start(data.length)
      const width = columns.length
      for (let row = 0; row < data.length; row++) {
        const values: unknown = data[row]
        if (Array.isArray(values) && values.length === width) continue
        const got = Array.isArray(values) ? `${values.length} values` : shown(values)
        problems.add({ row, expected: `an array of ${width} values`, got })
      }
      if (problems.count > 0) return misfit(problems.listed, problems.count)
      const seen = new Uint8Array(inputs.length)
      for (let at = 0; at < width; at++) {
        const place = placeOf.get(columns[at])
        if (place === undefined) surplus(columns[at], problems)
        else if (seen[place] === 1)
          problems.add({ column: columns[at], expected: "each column once", got: "the column twice" })
        else {
          seen[place] = 1
          for (let row = 0; row < data.length; row++) write(place, cells[place], row, data[row][at], problems)
        }
      }
      for (let place = 0; place < inputs.length; place++)
        if (seen[place] === 0) absent(place, cells[place], data.length, problems)
      return finish(data.length, cells, problems, 0)
    },

    records(rows) {
      if (!Array.isArray(rows)) return malformed("The rows must be an array of objects, one a row.")
      if (rows.length > policy.maxRows) return tooMany("rows", rows.length, policy.maxRows)
      const { cells, problems } = start(rows.length)
      let keys = 0
      for (let row = 0; row < rows.length; row++) {
        const values: unknown = rows[row]
        if (!isObject(values)) {
          problems.add({ row, expected: "an object of column names and values", got: shown(values) })
          continue
        }
        let known = 0
        for (let place = 0; place < inputs.length; place++) {
          const { name, required } = inputs[place]
          if (Object.hasOwn(values, name)) {
            known++
            write(place, cells[place], row, values[name], problems)
          } else if (!required) writeMissing(inputs[place], cells[place], row, policy.missing)
          else
            problems.add({
              row,
              column: name,
              expected: expectedOf(inputs[place], policy.missing),
              got: "no such column",
            })
        }
        const names = Object.keys(values)
        keys += names.length
        if (names.length > known)
          for (const name of names) if (!placeOf.has(name)) surplus(name, problems, row)
      }
      return finish(rows.length, cells, problems, keys)
    },

    byColumn(columns) {
      const names = Object.keys(columns)
      const single = names.length > 0 && names.every(name => !Array.isArray(columns[name]))
      const listOf = (name: string): unknown => (single ? [columns[name]] : columns[name])
      const lengths = names.map(name => {
        const list = listOf(name)
        return Array.isArray(list) ? list.length : -1
      })
      const rows = Math.max(0, ...lengths)
      if (rows > policy.maxRows) return tooMany("rows", rows, policy.maxRows)
      const { cells, problems } = start(rows)
      for (let place = 0; place < inputs.length; place++)
        if (!Object.hasOwn(columns, inputs[place].name)) absent(place, cells[place], rows, problems)
      for (let at = 0; at < names.length; at++) {
        const place = placeOf.get(names[at])
        const list = listOf(names[at])
        if (place === undefined) surplus(names[at], problems)
        else if (!Array.isArray(list) || list.length !== rows)
          problems.add({
            column: names[at],
            expected: `an array of ${rows} values, as the other columns`,
            got: shown(list),
          })
        else for (let row = 0; row < rows; row++) write(place, cells[place], row, list[row], problems)
      }
      return finish(rows, cells, problems, names.length)
    },
  }
}

interface Problems {
  readonly listed: readonly Problem[]
  readonly count: number
  add(problem: Problem): void
}

/**
 * Keeps the first problems and counts the others: a request of a million wrong values must not make a million
 * objects.
 */
const createProblems = (): Problems => {
  const listed: Problem[] = []
  let count = 0
  return {
    listed,
    get count() {
      return count
    },
    add(problem) {
      if (count++ < listedProblems) listed.push(problem)
    },
  }
}

const isTexts = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every(item => typeof item === "string")
