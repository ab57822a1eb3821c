import { breathe } from "@roadmap/core/async"
import { metrics as catalog, type MetricName } from "@roadmap/ml/metrics/catalog"
import { takeValues } from "@roadmap/ml/rows"
import { type Gain, gainOf } from "./compare.ts"
import type { TrainingData } from "./data.ts"
import type { TrainingSpecification } from "./specification.ts"

export interface SliceScore {
  /** Column of the slice: "airport". */
  readonly slice: string
  readonly value: string
  readonly rows: number
  readonly metric: MetricName
  readonly candidate: number
  readonly champion: number
  readonly gain: Gain
}

/** Responses to the validation rows and to the test rows. */
export type EvaluatedResponses = Readonly<Record<"validation" | "test", Float64Array>>

/**
 * The deciding metric by slice of the validation and test rows together, largest slices first: a model can be better overall
 * and worse for those who fly from one airport. Slices below `evaluation.leastRows` rows, or of one class where a
 * classifier is judged, are left out.
 */
export const scoreSlices = async (
  specification: TrainingSpecification,
  data: TrainingData,
  responses: { candidate: EvaluatedResponses; champion: EvaluatedResponses },
  signal?: AbortSignal,
): Promise<SliceScore[]> => {
  const { evaluation, metrics } = specification
  const [metric] = metrics
  const [from, to] = [data.validationFrom, data.features.rows]
  const rowsOf = <T extends Float64Array | Int32Array>(values: T): T => values.subarray(from, to) as T
  const target = rowsOf(data.target)
  const groups = rowsOf(data.groups)
  const candidate = joined(responses.candidate)
  const champion = joined(responses.champion)
  const scores: SliceScore[] = []
  for (const slice of evaluation.slices) {
    const { codes, categories } = data.slices[slice]
    const members = rowsByCode(codes.subarray(from, to), categories.length)
      .map((rows, code) => ({ rows, value: categories[code] }))
      .filter(({ rows }) => rows.length >= evaluation.leastRows)
      .sort((a, b) => b.rows.length - a.rows.length)
    for (const { rows, value } of members) {
      await breathe(signal)
      const taken = {
        target: takeValues(target, rows),
        groups: takeValues(groups, rows),
        candidate: takeValues(candidate, rows),
        champion: takeValues(champion, rows),
      }
      if (specification.task === "classification" && new Set(taken.target).size < 2) continue
      scores.push({
        slice,
        value,
        rows: rows.length,
        metric,
        candidate: catalog[metric].compute(taken.target, taken.candidate),
        champion: catalog[metric].compute(taken.target, taken.champion),
        gain: gainOf(specification, metric, taken),
      })
    }
  }
  return scores
}

const joined = ({ validation, test }: EvaluatedResponses): Float64Array => {
  const all = new Float64Array(validation.length + test.length)
  all.set(validation)
  all.set(test, validation.length)
  return all
}

const rowsByCode = (codes: ArrayLike<number>, categories: number): Int32Array[] => {
  const sizes = new Int32Array(categories)
  for (let row = 0; row < codes.length; row++) if (codes[row] >= 0) sizes[codes[row]]++
  const rows = Array.from(sizes, size => new Int32Array(size))
  sizes.fill(0)
  for (let row = 0; row < codes.length; row++) {
    const code = codes[row]
    if (code >= 0) rows[code][sizes[code]++] = row
  }
  return rows
}
