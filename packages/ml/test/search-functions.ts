import type { Configuration, Space } from "../src/selection/space.ts"

export interface TestFunction {
  readonly space: Space
  readonly value: (parameters: Configuration) => number
}

const numbers = (parameters: Configuration): number[] => Object.values(parameters).map(Number)

/** Branin, Rosenbrock in four dimensions, and one with every kind of parameter: all to be minimised. */
export const testFunctions: Readonly<Record<string, TestFunction>> = {
  Branin: {
    space: {
      x: { kind: "uniform", low: -5, high: 10 },
      y: { kind: "uniform", low: 0, high: 15 },
    },
    value: parameters => {
      const [x, y] = numbers(parameters)
      const bend = y - (5.1 / (4 * Math.PI ** 2)) * x * x + (5 / Math.PI) * x - 6
      return bend ** 2 + 10 * (1 - 1 / (8 * Math.PI)) * Math.cos(x) + 10
    },
  },
  Rosenbrock: {
    space: Object.fromEntries(
      ["a", "b", "c", "d"].map(name => [name, { kind: "uniform", low: -2, high: 2 }]),
    ),
    value: parameters => {
      const x = numbers(parameters)
      let sum = 0
      for (let i = 0; i + 1 < x.length; i++) sum += 100 * (x[i + 1] - x[i] ** 2) ** 2 + (1 - x[i]) ** 2
      return sum
    },
  },
  "a mixed, conditional space": {
    space: {
      rate: { kind: "log-uniform", low: 1e-3, high: 1 },
      leaves: { kind: "integer", low: 4, high: 512, log: true },
      depth: { kind: "integer", low: 1, high: 16 },
      loss: { kind: "choice", values: ["squared", "absolute", "huber", "quantile"] },
      delta: { kind: "uniform", low: 0, high: 10, when: { parameter: "loss", is: ["huber"] } },
    },
    value: ({ rate, leaves, depth, loss, delta }) =>
      Math.log10(Number(rate) / 0.05) ** 2 +
      (Math.log2(Number(leaves) / 48) / 3) ** 2 +
      ((Number(depth) - 9) / 8) ** 2 +
      (loss === "huber" ? ((Number(delta) - 3) / 10) ** 2 : 0.4),
  },
}
