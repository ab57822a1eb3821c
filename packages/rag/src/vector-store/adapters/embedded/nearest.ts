/** Rows with their scores, of which the best are kept: the buffer is cut to the best `keep` whenever it is full. */
export interface BestRows {
  /** A row below it cannot be among the best any more. */
  readonly threshold: number
  add(row: number, score: number): void
  /** The best `keep`, in no order, and with them every row that has the score of the last. */
  rows(): { rows: Uint32Array; scores: Float32Array }
}

export const bestRows = (keep: number): BestRows => {
  let capacity = 2 * keep + 64
  let rows = new Uint32Array(capacity)
  let scores = new Float32Array(capacity)
  let count = 0
  let threshold = -Infinity
  const cut = () => {
    if (count <= keep) return
    threshold = nthLargest(scores.slice(0, count), keep - 1)
    let kept = 0
    for (let i = 0; i < count; i++)
      if (scores[i] >= threshold) {
        rows[kept] = rows[i]
        scores[kept++] = scores[i]
      }
    count = kept
  }
  return {
    get threshold() {
      return threshold
    },
    add(row, score) {
      if (score < threshold) return
      if (count === capacity) {
        cut()
        // Only where so many scores are equal.
        if (2 * count > capacity) {
          capacity *= 2
          rows = grown(rows, new Uint32Array(capacity))
          scores = grown(scores, new Float32Array(capacity))
        }
        if (score < threshold) return
      }
      rows[count] = row
      scores[count++] = score
    },
    rows() {
      cut()
      return { rows: rows.subarray(0, count), scores: scores.subarray(0, count) }
    },
  }
}

const grown = <T extends Uint32Array | Float32Array>(from: T, to: T): T => {
  to.set(from)
  return to
}

/** The value at place n in descending order (Hoare's selection, with the middle of three as pivot). Reorders `values`. */
export const nthLargest = (values: Float32Array, n: number): number => {
  let low = 0
  let high = values.length - 1
  while (low < high) {
    const [a, b, c] = [values[low], values[(low + high) >> 1], values[high]]
    const pivot = Math.max(Math.min(a, b), Math.min(Math.max(a, b), c))
    let i = low
    let j = high
    while (i <= j) {
      while (values[i] > pivot) i++
      while (values[j] < pivot) j--
      if (i <= j) {
        const held = values[i]
        values[i++] = values[j]
        values[j--] = held
      }
    }
    if (n <= j) high = j
    else if (n >= i) low = i
    else return values[n]
  }
  return values[n]
}
