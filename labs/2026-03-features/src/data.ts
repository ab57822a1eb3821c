import { type TrainingSet, toFeatures, trainingSet } from "@roadmap/feature-store/training-set"
import { isNumbers, type Values } from "@roadmap/feature-store/values"
import type { Task } from "@roadmap/lab-2026-02-foundations/models"
import type { TrainingData } from "@roadmap/lifecycle/train/data"
import type { CategoricalColumn } from "@roadmap/ml/features"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { asOf } from "./contract.ts"
import { flightFeatures } from "./definitions.ts"
import { labels } from "./labels.ts"

/** The training set for both tasks. */
export interface FlightData {
  readonly flightId: Float64Array
  readonly delay: Float64Array
  readonly late: Float64Array
  readonly of: (task: Task) => TrainingData
}

/** The last snapshot's rows, so that the steps of one run build them once: a gigabyte, and much of a run's time. */
let held: { contentHash: string; flights: FlightData } | undefined

/** The rows of a snapshot, in its order: those held, or else built again. */
export const loadFlights = async (
  engine: SqlEngine,
  { contentHash }: { contentHash: string },
  signal?: AbortSignal,
): Promise<FlightData> => {
  if (held?.contentHash === contentHash) return held.flights
  held = undefined
  return holdFlights(contentHash, await trainingSet(engine, flightFeatures, labels, { asOf, signal }))
}

export const holdFlights = (contentHash: string, set: TrainingSet): FlightData => {
  const flights = flightsOf(set)
  held = { contentHash, flights }
  return flights
}

/** No step after this one needs them. */
export const releaseFlights = (): void => {
  held = undefined
}

const flightsOf = (set: TrainingSet): FlightData => {
  const delay = numbers(set, "delay")
  const late = numbers(set, "late")
  const split = texts(set, "split")
  const firstOf = (name: string): number => split.codes.indexOf(split.categories.indexOf(name))
  const shared = {
    features: toFeatures(set),
    time: numbers(set, "departed_at"),
    labelTime: numbers(set, "known_at"),
    groups: Int32Array.from(numbers(set, "day")),
    validationFrom: firstOf("validation"),
    testFrom: firstOf("test"),
    slices: {
      airport: texts(set, "origin"),
      hour: banded(numbers(set, "hour"), hour => `${String(hour).padStart(2, "0")} h`),
      distance: banded(numbers(set, "distance"), distanceBand),
      month: banded(numbers(set, "day"), day => new Date(day * 86_400_000).toISOString().slice(0, 7)),
    },
  }
  return {
    flightId: numbers(set, "flight_id"),
    delay,
    late,
    of: task => ({ ...shared, target: task === "delay" ? delay : late }),
  }
}

const bands = [250, 500, 1_000, 2_000] as const
const distanceBand = (miles: number): string => {
  const next = bands.findIndex(limit => miles < limit)
  if (next === 0) return `under ${bands[0]} miles`
  return next < 0 ? `${bands.at(-1)} miles and more` : `${bands[next - 1]} to ${bands[next] - 1} miles`
}

const numbers = ({ labels: given }: TrainingSet, name: string): Float64Array => {
  const values: Values = given[name]
  if (!isNumbers(values)) throw new Error(`The label column ${name} is a text.`)
  return values
}

const texts = (
  { labels: given }: TrainingSet,
  name: string,
): Pick<CategoricalColumn, "categories"> & { codes: Int32Array } => {
  const values: Values = given[name]
  if (isNumbers(values)) throw new Error(`The label column ${name} is no text.`)
  return values
}

/** A text for each number; equal numbers are told apart once. */
const banded = (values: Float64Array, textOf: (value: number) => string) => {
  const categories: string[] = []
  const codeOf = new Map<number, number>()
  const codes = new Int32Array(values.length)
  for (let row = 0; row < values.length; row++) {
    let code = codeOf.get(values[row])
    if (code === undefined) {
      const text = textOf(values[row])
      code = categories.indexOf(text)
      if (code < 0) code = categories.push(text) - 1
      codeOf.set(values[row], code)
    }
    codes[row] = code
  }
  return { codes, categories }
}
