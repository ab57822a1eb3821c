/** Facts in the order of (key, known time): those of one key lie together, earliest first. */
export interface Grouped {
  /** Key k has the places starts[k] up to starts[k + 1]. */
  readonly starts: Int32Array
  /** Known time of each place. */
  readonly times: Float64Array
  /** Place -> row of the table. */
  readonly rows: Int32Array
  /** Row -> place; -1 for a row without a whole key or a time. */
  readonly places: Int32Array
}

/** Groups rows by key and orders each group by time; equal times keep the table's order. `byTime`: orderByTime(times). */
export const groupByKey = (
  codes: Int32Array,
  size: number,
  times: Float64Array,
  byTime: Int32Array,
): Grouped => {
  const starts = new Int32Array(size + 1)
  for (let at = 0; at < byTime.length; at++) {
    const code = codes[byTime[at]]
    if (code >= 0) starts[code + 1]++
  }
  for (let key = 0; key < size; key++) starts[key + 1] += starts[key]
  const count = starts[size]
  const rows = new Int32Array(count)
  const grouped = new Float64Array(count)
  const places = new Int32Array(codes.length).fill(-1)
  const next = starts.slice(0, size)
  for (let at = 0; at < byTime.length; at++) {
    const row = byTime[at]
    const code = codes[row]
    if (code < 0) continue
    const place = next[code]++
    rows[place] = row
    places[row] = place
    grouped[place] = times[row]
  }
  return { starts, times: grouped, rows, places }
}

/** A column in grouped order: rows are read one after the other, and written to as many streams as there are keys. */
export const toPlaces = (values: Float64Array, { rows, places }: Grouped): Float64Array => {
  const grouped = new Float64Array(rows.length)
  for (let row = 0; row < places.length; row++) {
    const place = places[row]
    if (place >= 0) grouped[place] = values[row]
  }
  return grouped
}

/** Row numbers in the order of their times (whole microseconds), stable; NaN is left out. Radix sort unless sorted already. */
export const orderByTime = (times: Float64Array): Int32Array => {
  let count = 0
  let min = Number.POSITIVE_INFINITY
  let max = Number.NEGATIVE_INFINITY
  let sorted = true
  let previous = Number.NEGATIVE_INFINITY
  let rows = new Int32Array(times.length)
  for (let row = 0; row < times.length; row++) {
    const time = times[row]
    if (Number.isNaN(time)) continue
    rows[count++] = row
    if (time < previous) sorted = false
    previous = time
    if (time < min) min = time
    if (time > max) max = time
  }
  rows = rows.subarray(0, count)
  if (sorted) return rows
  // Times mostly share a step (a minute, a second): without it there are fewer digits to sort by.
  const step = commonStep(times, rows, min)
  const range = (max - min) / step
  const low = new Uint32Array(times.length)
  const split = 2 ** 31
  for (let at = 0; at < count; at++) low[rows[at]] = ((times[rows[at]] - min) / step) % split
  let order = radixSort(rows, low, Math.min(range, split - 1))
  if (range >= split) {
    for (let at = 0; at < count; at++) low[rows[at]] = Math.floor((times[rows[at]] - min) / step / split)
    order = radixSort(order, low, Math.floor(range / split))
  }
  return order
}

const commonStep = (times: Float64Array, rows: Int32Array, min: number): number => {
  let step = 0
  for (let at = 0; at < rows.length && step !== 1; at++) {
    const rest = times[rows[at]] - min
    if (step > 1 && rest % step === 0) continue
    let [a, b] = [rest, step]
    while (b !== 0) [a, b] = [b, a % b]
    step = a
  }
  return step || 1
}

/** Least significant digit first, in as few passes of at most 13 bits as the range needs. */
const radixSort = (rows: Int32Array, keys: Uint32Array, range: number): Int32Array => {
  const bits = Math.max(1, Math.ceil(Math.log2(range + 1)))
  const passes = Math.ceil(bits / 13)
  const digitBits = Math.ceil(bits / passes)
  const mask = 2 ** digitBits - 1
  let from = rows
  for (let pass = 0; pass < passes; pass++) {
    const shift = pass * digitBits
    const next = new Int32Array(mask + 2)
    for (let at = 0; at < from.length; at++) next[((keys[from[at]] >>> shift) & mask) + 1]++
    for (let digit = 0; digit <= mask; digit++) next[digit + 1] += next[digit]
    const to = new Int32Array(from.length)
    for (let at = 0; at < from.length; at++) to[next[(keys[from[at]] >>> shift) & mask]++] = from[at]
    from = to
  }
  return from
}
