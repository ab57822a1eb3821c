import type { Configuration, Space } from "@roadmap/ml/selection/space"

/** A function to minimise, with its space and its least value. */
export interface TestFunction {
  readonly space: Space
  readonly least: number
  readonly value: (parameters: Configuration) => number
}

const numbers = (parameters: Configuration): number[] => Object.values(parameters).map(Number)

const uniform = (dimensions: number, low: number, high: number): Space =>
  Object.fromEntries(Array.from({ length: dimensions }, (_, i) => [`x${i}`, { kind: "uniform", low, high }]))

const hartmann = {
  weights: [1, 1.2, 3, 3.2],
  scales: [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
  ],
  centers: [
    [1312, 1696, 5569, 124, 8283, 5886],
    [2329, 4135, 8307, 3736, 1004, 9991],
    [2348, 1451, 3522, 2883, 3047, 6650],
    [4047, 8828, 8732, 5743, 1091, 381],
  ],
}

/**
 * Standard functions of the field (Surjanovic and Bingham, Virtual Library of Simulation Experiments), and a
 * mixed one shaped like a search of boosting parameters. peer.py has the same.
 */
export const testFunctions: Readonly<Record<string, TestFunction>> = {
  branin: {
    space: {
      x0: { kind: "uniform", low: -5, high: 10 },
      x1: { kind: "uniform", low: 0, high: 15 },
    },
    least: 0.397887,
    value: parameters => {
      const [x, y] = numbers(parameters)
      const b = 5.1 / (4 * Math.PI ** 2)
      return (y - b * x * x + (5 / Math.PI) * x - 6) ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10
    },
  },
  hartmann: {
    space: uniform(6, 0, 1),
    least: -3.32237,
    value: parameters => {
      const x = numbers(parameters)
      return -hartmann.weights.reduce((sum, weight, i) => {
        const distance = x.reduce(
          (total, value, j) => total + hartmann.scales[i][j] * (value - hartmann.centers[i][j] / 10_000) ** 2,
          0,
        )
        return sum + weight * Math.exp(-distance)
      }, 0)
    },
  },
  rosenbrock: {
    space: uniform(4, -2, 2),
    least: 0,
    value: parameters => {
      const x = numbers(parameters)
      let sum = 0
      for (let i = 0; i + 1 < x.length; i++) sum += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
      return sum
    },
  },
  mixed: {
    space: {
      rate: { kind: "log-uniform", low: 1e-3, high: 1 },
      leaves: { kind: "integer", low: 4, high: 512, log: true },
      depth: { kind: "integer", low: 1, high: 16 },
      loss: { kind: "choice", values: ["squared", "absolute", "huber", "quantile"] },
      delta: { kind: "uniform", low: 0, high: 10, when: { parameter: "loss", is: ["huber"] } },
    },
    least: 0,
    value: ({ rate, leaves, depth, loss, delta }) =>
      Math.log10(Number(rate) / 0.05) ** 2 +
      (Math.log2(Number(leaves) / 48) / 3) ** 2 +
      ((Number(depth) - 9) / 8) ** 2 +
      { squared: 0.2, absolute: 0.5, huber: 0, quantile: 0.7 }[String(loss)]! +
      (delta === undefined ? 0 : ((Number(delta) - 3) / 10) ** 2),
  },
}
