import { CENTER_GROUP } from "./layout.ts"

/**
 * The loops of k-means. Two implementations, TypeScript and WebAssembly, with the same bits. Pointers are
 * bytes; `weights` is 0 for none. Points and `centers` lie row by row. `turned` holds centers feature by
 * feature, `padded` of them (a multiple of CENTER_GROUP; those added are at infinity).
 */
export interface ClusterKernels {
  /**
   * Nearest center of every row (ties: the lower number) and bounds: `upper` is at least the distance from
   * it, `lower` at most the distance from any other. Returns how many labels changed. `margin` is 1 plus
   * what rounding may add to a distance.
   */
  search(
    points: number,
    rows: number,
    width: number,
    turned: number,
    padded: number,
    labels: number,
    upper: number,
    lower: number,
    scratch: number,
    margin: number,
  ): number
  /**
   * What `search` does after the centers moved, for the rows alone whose bounds do not rule a change out
   * (Hamerly, Making k-means even faster, 2010). By center: `shift` is how far it moved at most, `drop` how
   * far any other did, `half` half its distance from the nearest other. Rows that change their label are
   * taken from the old label's sums and mass and added to the new one's.
   */
  refine(
    points: number,
    rows: number,
    width: number,
    turned: number,
    padded: number,
    labels: number,
    upper: number,
    lower: number,
    scratch: number,
    margin: number,
    centers: number,
    shift: number,
    drop: number,
    half: number,
    sums: number,
    mass: number,
  ): number
  /** Adds weight times row to the sums of its label, and the weight to its mass. */
  addRows(
    points: number,
    rows: number,
    width: number,
    labels: number,
    weights: number,
    sums: number,
    mass: number,
  ): void
  /** Weighted sum of squared distances from the rows to the centers of their labels. */
  inertia(
    points: number,
    rows: number,
    width: number,
    labels: number,
    centers: number,
    weights: number,
  ): number
  /** nearest = min(nearest, squared distance from the center); returns the last running sum of weight x nearest. */
  settle(
    points: number,
    rows: number,
    width: number,
    center: number,
    nearest: number,
    weights: number,
    cumulative: number,
  ): number
  /** sums[i] += weight x min(nearest, squared distance from candidate i). */
  potentials(
    points: number,
    rows: number,
    width: number,
    turned: number,
    padded: number,
    nearest: number,
    weights: number,
    sums: number,
    scratch: number,
  ): void
}

/** Covers the rounding of one addition or multiplication of a bound. */
export const boundGrowth = 1 + 2 ** -50
export const boundDecay = 1 - 2 ** -50

export const typescriptCluster = (buffer: ArrayBuffer): ClusterKernels => {
  const f64 = new Float64Array(buffer)
  const i32 = new Int32Array(buffer)
  const found = { second: 0 }

  /** Four sums side by side: one alone waits for its own last addition. */
  const distances = (row: number, width: number, turned: number, padded: number, to: number) => {
    for (let first = 0; first < padded; first += CENTER_GROUP) {
      let at = turned / 8 + first
      let s0 = 0
      let s1 = 0
      let s2 = 0
      let s3 = 0
      for (let c = 0; c < width; c++) {
        const value = f64[row + c]
        const d0 = value - f64[at]
        const d1 = value - f64[at + 1]
        const d2 = value - f64[at + 2]
        const d3 = value - f64[at + 3]
        s0 += d0 * d0
        s1 += d1 * d1
        s2 += d2 * d2
        s3 += d3 * d3
        at += padded
      }
      f64[to + first] = s0
      f64[to + first + 1] = s1
      f64[to + first + 2] = s2
      f64[to + first + 3] = s3
    }
  }

  /** Number of the smallest of `count` values; the second smallest value goes to `found`. */
  const smallest = (values: number, count: number): number => {
    let best = 0
    let first = Infinity
    let second = Infinity
    for (let i = 0; i < count; i++) {
      const value = f64[values + i]
      if (value < first) {
        second = first
        first = value
        best = i
      } else if (value < second) second = value
    }
    found.second = second
    return best
  }

  /** Squared distance: the sum over even features plus that over odd ones. */
  const squaredDistance = (row: number, center: number, width: number): number => {
    let even = 0
    let odd = 0
    let c = 0
    for (; c + 1 < width; c += 2) {
      const d0 = f64[row + c] - f64[center + c]
      const d1 = f64[row + c + 1] - f64[center + c + 1]
      even += d0 * d0
      odd += d1 * d1
    }
    if (c < width) even += (f64[row + c] - f64[center + c]) ** 2
    return even + odd
  }

  return {
    search(points, rows, width, turned, padded, labels, upper, lower, scratch, margin) {
      const near = scratch / 8
      let changed = 0
      for (let row = 0; row < rows; row++) {
        distances(points / 8 + row * width, width, turned, padded, near)
        const label = smallest(near, padded)
        f64[upper / 8 + row] = Math.sqrt(f64[near + label]) * margin
        f64[lower / 8 + row] = Math.sqrt(found.second) / margin
        if (i32[labels / 4 + row] === label) continue
        i32[labels / 4 + row] = label
        changed++
      }
      return changed
    },
    refine(
      points,
      rows,
      width,
      turned,
      padded,
      labels,
      upper,
      lower,
      scratch,
      margin,
      centers,
      shift,
      drop,
      half,
      sums,
      mass,
    ) {
      const near = scratch / 8
      let changed = 0
      for (let row = 0; row < rows; row++) {
        const old = i32[labels / 4 + row]
        let above = (f64[upper / 8 + row] + f64[shift / 8 + old]) * boundGrowth
        const below = f64[lower / 8 + row] * boundDecay - f64[drop / 8 + old]
        f64[lower / 8 + row] = below
        const limit = Math.max(below, f64[half / 8 + old])
        const from = points / 8 + row * width
        if (!(above * margin < limit)) {
          above = Math.sqrt(squaredDistance(from, centers / 8 + old * width, width)) * margin
          if (!(above * margin < limit)) {
            distances(from, width, turned, padded, near)
            const label = smallest(near, padded)
            above = Math.sqrt(f64[near + label]) * margin
            f64[lower / 8 + row] = Math.sqrt(found.second) / margin
            if (label !== old) {
              i32[labels / 4 + row] = label
              changed++
              const minus = sums / 8 + old * width
              const plus = sums / 8 + label * width
              for (let c = 0; c < width; c++) {
                f64[minus + c] -= f64[from + c]
                f64[plus + c] += f64[from + c]
              }
              f64[mass / 8 + old] -= 1
              f64[mass / 8 + label] += 1
            }
          }
        }
        f64[upper / 8 + row] = above
      }
      return changed
    },
    addRows(points, rows, width, labels, weights, sums, mass) {
      for (let row = 0; row < rows; row++) {
        const label = i32[labels / 4 + row]
        const weight = weights === 0 ? 1 : f64[weights / 8 + row]
        const from = points / 8 + row * width
        const to = sums / 8 + label * width
        for (let c = 0; c < width; c++) f64[to + c] += weight * f64[from + c]
        f64[mass / 8 + label] += weight
      }
    },
    inertia(points, rows, width, labels, centers, weights) {
      let sum = 0
      for (let row = 0; row < rows; row++) {
        const center = centers / 8 + i32[labels / 4 + row] * width
        const weight = weights === 0 ? 1 : f64[weights / 8 + row]
        sum += weight * squaredDistance(points / 8 + row * width, center, width)
      }
      return sum
    },
    settle(points, rows, width, center, nearest, weights, cumulative) {
      let total = 0
      for (let row = 0; row < rows; row++) {
        const distance = squaredDistance(points / 8 + row * width, center / 8, width)
        const at = nearest / 8 + row
        if (distance < f64[at]) f64[at] = distance
        total += f64[at] * (weights === 0 ? 1 : f64[weights / 8 + row])
        f64[cumulative / 8 + row] = total
      }
      return total
    },
    potentials(points, rows, width, turned, padded, nearest, weights, sums, scratch) {
      const near = scratch / 8
      for (let row = 0; row < rows; row++) {
        distances(points / 8 + row * width, width, turned, padded, near)
        const limit = f64[nearest / 8 + row]
        const weight = weights === 0 ? 1 : f64[weights / 8 + row]
        for (let i = 0; i < padded; i++) f64[sums / 8 + i] += weight * Math.min(f64[near + i], limit)
      }
    },
  }
}
