import type { CategoryValues } from "@roadmap/warehouse/collect"

/** Whole keys as numbers. */
export interface KeyNumbers {
  /** One a row, 0 to size - 1; -1 where a part is null. */
  readonly codes: Int32Array
  readonly size: number
  /** The number of a key by its parts; `unknownKey` when no row has it. */
  find(parts: readonly string[]): number
}

export const nullKey = -1
export const unknownKey = -2

/** Beyond this many possible combinations, only those that occur get a number. */
const tableLimit = 1 << 22

/** Numbers the keys of a table by their columns. */
export const numberKeys = (columns: readonly CategoryValues[]): KeyNumbers => {
  const positions = columns.map(
    ({ categories }) => new Map(categories.map((category, code) => [category, code])),
  )
  const find =
    (join: (code: number, part: number, column: number) => number) => (parts: readonly string[]) => {
      let code = positions[0].get(parts[0]) ?? unknownKey
      for (let column = 1; column < parts.length && code >= 0; column++) {
        const part = positions[column].get(parts[column])
        code = part === undefined ? unknownKey : join(code, part, column)
      }
      return code
    }
  const sizes = columns.map(({ categories }) => categories.length)
  const size = sizes.reduce((product, each) => product * each, 1)
  if (columns.length === 1) return { codes: columns[0].codes, size, find: find(() => unknownKey) }
  if (size <= tableLimit)
    return {
      codes: combine(columns, sizes),
      size,
      find: find((code, part, column) => code * sizes[column] + part),
    }
  const { codes, stages } = numberOccurring(columns, sizes)
  return {
    codes,
    size: stages.at(-1)!.size,
    find: find((code, part, column) => stages[column - 1].get(code * sizes[column] + part) ?? unknownKey),
  }
}

/** For each label the number of its key among the facts; `nullKey` also where the label has no time. */
export const matchKeys = (
  columns: readonly CategoryValues[],
  facts: KeyNumbers,
  times: Float64Array,
): Int32Array => {
  const own = numberKeys(columns)
  const unset = -3
  const numbers = new Int32Array(own.size).fill(unset)
  const codes = new Int32Array(times.length)
  for (let row = 0; row < codes.length; row++) {
    const key = own.codes[row]
    if (key < 0 || Number.isNaN(times[row])) {
      codes[row] = nullKey
      continue
    }
    let number = numbers[key]
    if (number === unset) {
      number = facts.find(columns.map(column => column.categories[column.codes[row]]))
      numbers[key] = number
    }
    codes[row] = number
  }
  return codes
}

const combine = (columns: readonly CategoryValues[], sizes: readonly number[]): Int32Array => {
  const combined = columns[0].codes.slice()
  for (let column = 1; column < columns.length; column++) {
    const { codes } = columns[column]
    const size = sizes[column]
    for (let row = 0; row < combined.length; row++)
      combined[row] = combined[row] < 0 || codes[row] < 0 ? nullKey : combined[row] * size + codes[row]
  }
  return combined
}

/** Column by column, so that no number grows beyond (keys that occur) x (values of the next column) < 2^53. */
const numberOccurring = (columns: readonly CategoryValues[], sizes: readonly number[]) => {
  const combined = columns[0].codes.slice()
  const stages = columns.slice(1).map(({ codes }, index) => {
    const numbers = new Map<number, number>()
    const size = sizes[index + 1]
    for (let row = 0; row < combined.length; row++) {
      if (combined[row] < 0 || codes[row] < 0) {
        combined[row] = nullKey
        continue
      }
      const pair = combined[row] * size + codes[row]
      const known = numbers.get(pair)
      if (known === undefined) numbers.set(pair, numbers.size)
      combined[row] = known ?? numbers.size - 1
    }
    return numbers
  })
  return { codes: combined, stages }
}
