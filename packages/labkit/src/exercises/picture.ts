const bars = "▁▂▃▄▅▆▇█"

/**
 * Two number lists as rows of bars on one scale, with a mark below the first place where they differ:
 *
 *   expected ▁▂▃▄▅▆▇█
 *   got      ▁▂▃▃▅▆▇█
 *               ^ [3]
 *
 * Lists of more than `width` values are shown by the mean of neighbours. Undefined when they are no number
 * lists of 6 to 400 values, or all values are the same: a picture would not help.
 */
export const barPicture = (
  got: unknown,
  expected: unknown,
  firstAt: number,
  width = 60,
): string | undefined => {
  const a = numberList(got)
  const b = numberList(expected)
  if (!a || !b) return undefined
  const finite = [...a, ...b].filter(Number.isFinite)
  const low = Math.min(...finite)
  const high = Math.max(...finite)
  if (!(high > low)) return undefined
  const longest = Math.max(a.length, b.length)
  const step = Math.max(1, Math.ceil(longest / width))
  const row = (values: number[]) =>
    pooled(values, step)
      .map(value => bar(value, low, high))
      .join("")
  const column = Math.floor(Math.min(firstAt, longest - 1) / step)
  return [
    `expected ${row(b)}`,
    `got      ${row(a)}`,
    `         ${" ".repeat(column)}^ [${firstAt}]${step > 1 ? `, ${step} values a bar` : ""}`,
  ].join("\n")
}

const numberList = (value: unknown): number[] | undefined => {
  const list =
    Array.isArray(value) || ArrayBuffer.isView(value) ? Array.from(value as ArrayLike<unknown>) : []
  return list.length >= 6 && list.length <= 400 && list.every(item => typeof item === "number")
    ? (list as number[])
    : undefined
}

const pooled = (values: number[], step: number): number[] => {
  if (step === 1) return values
  const means: number[] = []
  for (let i = 0; i < values.length; i += step) {
    const group = values.slice(i, i + step)
    means.push(group.reduce((sum, value) => sum + value, 0) / group.length)
  }
  return means
}

const bar = (value: number, low: number, high: number): string =>
  Number.isFinite(value) ? bars[Math.min(7, Math.floor(((value - low) / (high - low)) * 8))] : "?"
