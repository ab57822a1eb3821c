import { createRandom } from "@roadmap/core/random"
import { expect, test } from "vitest"
import { bootstrapDifference, bootstrapInterval } from "../src/metrics/bootstrap.ts"
import { type MetricName, metrics } from "../src/metrics/catalog.ts"
import { createStatistic } from "../src/metrics/statistic.ts"

const names = Object.keys(metrics) as MetricName[]

/** Rows of a noisy binary problem: labels, values that correlate with them, probabilities with ties. */
const sample = (rows: number, seed: number) => {
  const random = createRandom(seed)
  const label = new Float64Array(rows)
  const probability = new Float64Array(rows)
  const value = new Float64Array(rows)
  const weights = new Float64Array(rows)
  for (let row = 0; row < rows; row++) {
    probability[row] = Math.round(random.next() * 20) / 20
    label[row] = random.next() < probability[row] ? 1 : 0
    value[row] = label[row] + random.normal()
    weights[row] = 0.5 + random.next()
  }
  return { label, probability, value, weights }
}

for (const metric of names) {
  test(`a resample of ${metric} is the metric of the drawn rows`, () => {
    const { label, probability, value, weights } = sample(60, 3)
    const predicted = metrics[metric].response === "value" ? value : probability
    const unitOf = Int32Array.from(label, (_, row) => Math.floor(row / 5))
    const input = { target: label, predicted, weights, unitOf, units: 12 }
    const statistic = createStatistic(metric, input)
    const random = createRandom(8)
    for (let trial = 0; trial < 20; trial++) {
      const drawn = new Int32Array(12)
      for (let i = 0; i < 12; i++) drawn[Math.floor(random.next() * 12)]++
      const rows: number[] = []
      unitOf.forEach((unit, row) => {
        for (let copy = 0; copy < drawn[unit]; copy++) rows.push(row)
      })
      const pick = (values: Float64Array) => Float64Array.from(rows, row => values[row])
      const expected = metrics[metric].compute(pick(label), pick(predicted), { weights: pick(weights) })
      expect(statistic(drawn)).toBeCloseTo(expected, 10)
    }
  })

  test(`the interval of ${metric} holds its estimate and is the same for the same seed`, () => {
    const { label, probability, value } = sample(500, 4)
    const predicted = metrics[metric].response === "value" ? value : probability
    const interval = bootstrapInterval({ metric, target: label, predicted, random: createRandom(1) })
    expect(interval.estimate).toBeCloseTo(metrics[metric].compute(label, predicted), 12)
    expect(interval.low).toBeLessThan(interval.estimate)
    expect(interval.high).toBeGreaterThan(interval.estimate)
    expect(bootstrapInterval({ metric, target: label, predicted, random: createRandom(1) })).toEqual(interval)
    expect(bootstrapInterval({ metric, target: label, predicted, random: createRandom(2) })).not.toEqual(
      interval,
    )
  })
}

test("the standard error of a mean is the textbook's", () => {
  const random = createRandom(9)
  const target = new Float64Array(2_000)
  const predicted = Float64Array.from(target, () => random.normal())
  const { standardError } = bootstrapInterval({ metric: "mae", target, predicted, replicates: 1_000 })
  const errors = predicted.map(Math.abs)
  const mean = errors.reduce((sum, error) => sum + error / 2_000, 0)
  const expected = Math.sqrt(errors.reduce((sum, error) => sum + (error - mean) ** 2, 0)) / 2_000
  expect(standardError / expected).toBeGreaterThan(0.9)
  expect(standardError / expected).toBeLessThan(1.1)
})

test("rows that repeat within a day do not narrow the interval when whole days are drawn", () => {
  const random = createRandom(10)
  const days = 50
  const perDay = 20
  const groups = Int32Array.from({ length: days * perDay }, (_, row) => Math.floor(row / perDay))
  const daily = Float64Array.from({ length: days }, () => random.normal())
  const predicted = Float64Array.from(groups, day => daily[day])
  const target = new Float64Array(predicted.length)
  const byRow = bootstrapInterval({ metric: "mae", target, predicted })
  const byDay = bootstrapInterval({ metric: "mae", target, predicted, groups })
  const ratio = (byDay.high - byDay.low) / (byRow.high - byRow.low)
  expect(ratio).toBeGreaterThan(0.7 * Math.sqrt(perDay))
  expect(ratio).toBeLessThan(1.4 * Math.sqrt(perDay))
})

test("groups may be any whole numbers in any order", () => {
  const { label, value } = sample(60, 6)
  const groups = Int32Array.from(label, (_, row) => [7, -3, 1_000_000][row % 3])
  const renamed = groups.map(group => ({ 7: 0, [-3]: 1, 1000000: 2 })[group] as number)
  const shared = { metric: "rmse", target: label, predicted: value } as const
  expect(bootstrapInterval({ ...shared, groups })).toEqual(bootstrapInterval({ ...shared, groups: renamed }))
})

test("the difference of two models on the same rows is sharper than their own intervals", () => {
  const random = createRandom(12)
  const target = Float64Array.from({ length: 3_000 }, () => 30 * random.normal())
  const noise = Float64Array.from(target, () => 25 * random.normal())
  const first = target.map((y, row) => y + noise[row])
  const second = target.map((y, row) => y + 1.03 * noise[row])
  const own = bootstrapInterval({ metric: "rmse", target, predicted: first })
  const difference = bootstrapDifference({ metric: "rmse", target, first, second })
  expect(own.high - own.low).toBeGreaterThan(Math.abs(difference.estimate))
  expect(difference.high).toBeLessThan(0)
  const swapped = bootstrapDifference({ metric: "rmse", target, first: second, second: first })
  expect(swapped.estimate).toBeCloseTo(-difference.estimate, 12)
})

test("two equal models differ by exactly nothing", () => {
  const { label, probability } = sample(200, 13)
  for (const metric of ["roc_auc", "average_precision", "log_loss"] as const) {
    const difference = bootstrapDifference({ metric, target: label, first: probability, second: probability })
    expect([difference.estimate, difference.low, difference.high]).toEqual([0, 0, 0])
  }
})

test("bad requests are refused with what is wrong", () => {
  const target = Float64Array.of(0, 1, 0, 1)
  const shared = { metric: "roc_auc", target, predicted: target } as const
  const refusals: [() => unknown, RegExp][] = [
    [() => bootstrapInterval({ ...shared, replicates: 1 }), /replicates is 1/],
    [() => bootstrapInterval({ ...shared, level: 95 }), /level is 95/],
    [() => bootstrapInterval({ ...shared, groups: Int32Array.of(1) }), /groups has 1 values; there are 4/],
    [() => bootstrapInterval({ ...shared, target: Float64Array.of(1, 1, 1, 1) }), /only the class 1/],
    [
      () => bootstrapInterval({ ...shared, groups: Int32Array.of(1, 2, 1, 2) }),
      /undefined in \d+ of 200 resamples/,
    ],
  ]
  for (const [refused, message] of refusals)
    expect(refused).toThrow(
      expect.objectContaining({ code: "INVALID_INPUT", message: expect.stringMatching(message) }),
    )
})
