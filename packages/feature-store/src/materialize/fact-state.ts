import type { CategoryValues } from "@roadmap/warehouse/collect"
import type { CheckedView } from "../sources.ts"
import type { FactTable } from "../sweep/facts.ts"
import type { Values } from "../values.ts"
import { type FactRows, filterRows, type NeededColumn } from "./pushed-facts.ts"
import type { KeyedFacts } from "./schedules.ts"

/** The facts of all keys that can still count, for a process that pushes. */
export interface FactState {
  add(facts: FactRows): void
  /** The facts of some keys, as a table that the sweep reads. */
  of(keys: readonly (readonly string[])[]): KeyedFacts
  /** Forgets what no label at or after this moment can see. */
  prune(now: number): void
  readonly size: number
}

export const factState = (checked: CheckedView, needed: readonly NeededColumn[]): FactState => {
  const empty = (): FactRows => ({
    keys: [],
    known: [],
    event: [],
    created: [],
    values: needed.map(() => []),
  })
  let all = empty()
  let rowsOf = new Map<string, number[]>()
  const add = (facts: FactRows): void => {
    for (let row = 0; row < facts.known.length; row++) {
      const key = facts.keys[row].join("\0")
      const rows = rowsOf.get(key)
      if (rows) insertByTime(rows, all.known, facts.known[row])
      else rowsOf.set(key, [all.known.length])
      all.keys.push(facts.keys[row])
      all.known.push(facts.known[row])
      all.event.push(facts.event[row])
      all.created.push(facts.created[row])
      for (let i = 0; i < needed.length; i++) (all.values[i] as unknown[]).push(facts.values[i][row])
    }
  }
  return {
    add,
    get size() {
      return all.known.length
    },
    of(keys) {
      const rows: number[] = []
      const codes: number[] = []
      keys.forEach((key, code) => {
        for (const row of rowsOf.get(key.join("\0")) ?? []) {
          rows.push(row)
          codes.push(code)
        }
      })
      return {
        table: factTable(all, rows, needed),
        codes: Int32Array.from(codes),
        size: keys.length,
        keyTexts: row => all.keys[rows[row]],
      }
    },
    prune(now) {
      const oldest = now - reach(checked)
      const hasLatest = Object.values(checked.view.features).some(({ kind }) => kind === "latest")
      const newest = new Map<string, number>()
      // Of the latest facts only those of the greatest event time can ever win.
      if (hasLatest)
        for (let row = 0; row < all.known.length; row++) {
          const key = all.keys[row].join("\0")
          newest.set(key, Math.max(newest.get(key) ?? Number.NEGATIVE_INFINITY, all.event[row]))
        }
      const kept = filterRows(
        all,
        row =>
          all.known[row] > oldest || (hasLatest && all.event[row] === newest.get(all.keys[row].join("\0"))),
      )
      all = empty()
      rowsOf = new Map()
      add(kept)
    },
  }
}

/** How far back windows see from any moment, in microseconds; a tumbling one may start two lengths before. */
export const reach = ({ view }: CheckedView): number =>
  Math.max(
    0,
    ...Object.values(view.features).map(feature =>
      feature.kind === "window" ? feature.window * (feature.shape === "tumbling" ? 2 : 1) : 0,
    ),
  )

/** Adds the row that comes next to a key's rows, which are in the order of their known times: at the end, mostly. */
const insertByTime = (rows: number[], known: readonly number[], time: number): void => {
  let place = rows.length
  while (place > 0 && known[rows[place - 1]] > time) place--
  if (place === rows.length) rows.push(known.length)
  else rows.splice(place, 0, known.length)
}

/** Some rows as columns. Columns that nobody asks for are not made. */
const factTable = (all: FactRows, rows: readonly number[], needed: readonly NeededColumn[]): FactTable => {
  const numbers = (values: readonly number[]) => {
    // Float64Array.from with a function takes ten times as long.
    const picked = new Float64Array(rows.length)
    for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]]
    return picked
  }
  const known = numbers(all.known)
  let event: Float64Array | undefined
  let created: Float64Array | undefined
  const made = new Map<string, Values>()
  const column = (sql: string): Values => {
    let values = made.get(sql)
    if (!values) {
      const index = needed.findIndex(each => each.sql === sql)
      values = needed[index].isText
        ? categories(rows.map(row => all.values[index][row] as string | null))
        : numbers(all.values[index] as number[])
      made.set(sql, values)
    }
    return values
  }
  return {
    known,
    // Each key's facts are in the order of time already, which is all that grouping by key needs.
    byTime: Int32Array.from(rows.keys()),
    // Made when asked for: most views have no ties to break.
    get event() {
      event ??= numbers(all.event)
      return event
    },
    get created() {
      created ??= numbers(all.created)
      return created
    },
    column,
    text: sql => column(sql) as CategoryValues,
  }
}

const categories = (texts: readonly (string | null)[]): CategoryValues => {
  const codes = new Map<string, number>()
  const coded = Int32Array.from(texts, text => {
    if (text === null) return -1
    const code = codes.get(text) ?? codes.size
    codes.set(text, code)
    return code
  })
  return { codes: coded, categories: [...codes.keys()] }
}
