import { setTimeout as wait } from "node:timers/promises"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { normalCdf } from "../src/selection/normal.ts"
import { parzenEstimator } from "../src/selection/parzen.ts"
import { type SearchMethod, type SearchOptions, search } from "../src/selection/search.ts"
import { type Parameter, type Space, strayFrom } from "../src/selection/space.ts"
import { recencyWeights } from "../src/selection/tpe.ts"
import type { Trial } from "../src/selection/trial.ts"
import { largestDifference, readGolden } from "./goldens.ts"
import { testFunctions } from "./search-functions.ts"

const { space, value } = testFunctions["a mixed, conditional space"]
const base = { space, direction: "minimize", budget: { trials: 30 } } as const
const refusal = (message: RegExp) => ({ code: "INVALID_INPUT", message: expect.stringMatching(message) })

/** Everything of a trial but the clock. */
const timeless = (trials: readonly Trial[]) =>
  trials.map(({ startedAt: _start, seconds: _seconds, ...trial }) => trial)
const run = (options: Partial<SearchOptions> & { method: SearchMethod }) =>
  search({ ...base, random: createRandom(4), ...options, objective: ({ parameters }) => value(parameters) })

describe("a suggestion", () => {
  test("of any method is a point of the space", async () => {
    for (const method of [{ kind: "random" }, { kind: "tpe" }, { kind: "grid", points: 2 }] as const) {
      const { trials } = await run({ method, budget: { trials: 60 } })
      for (const { parameters } of trials) expect(strayFrom(space, parameters)).toBeUndefined()
      expect(trials.some(({ parameters }) => "delta" in parameters)).toBe(true)
      expect(trials.some(({ parameters }) => !("delta" in parameters))).toBe(true)
    }
  })

  test("stays within any range, whole numbers whole", async () => {
    const parameter = fc.oneof(
      fc.record({
        kind: fc.constant("uniform"),
        low: fc.double({ min: -1e6, max: 0, noNaN: true }),
        high: fc.double({ min: 0, max: 1e6, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant("log-uniform"),
        low: fc.double({ min: 1e-6, max: 1, noNaN: true }),
        high: fc.double({ min: 1, max: 1e6, noNaN: true }),
      }),
      fc.record({
        kind: fc.constant("integer"),
        low: fc.integer({ min: 1, max: 5 }),
        high: fc.integer({ min: 5, max: 9 }),
        log: fc.boolean(),
      }),
      fc.record({
        kind: fc.constant("choice"),
        values: fc.uniqueArray(fc.oneof(fc.boolean(), fc.string(), fc.integer()), { minLength: 1 }),
      }),
    ) as fc.Arbitrary<Parameter>
    await fc.assert(
      fc.asyncProperty(parameter, fc.integer(), async (p, seed) => {
        const any: Space = { p }
        const { trials } = await search({
          space: any,
          method: { kind: "tpe", startup: 3 },
          direction: "maximize",
          budget: { trials: 12 },
          random: createRandom(seed),
          objective: ({ parameters }) => (typeof parameters.p === "number" ? parameters.p : 0),
        })
        for (const { parameters } of trials) expect(strayFrom(any, parameters)).toBeUndefined()
      }),
      { numRuns: 40 },
    )
  })

  test("of random search is even over a range, its logarithm, or whole numbers", async () => {
    const { trials } = await search({
      space: {
        log: { kind: "log-uniform", low: 1e-3, high: 1e3 },
        whole: { kind: "integer", low: 1, high: 4 },
      },
      method: { kind: "random" },
      direction: "minimize",
      budget: { trials: 2_000 },
      objective: () => 0,
    })
    const share = (chosen: (trial: Trial) => boolean) => trials.filter(chosen).length / 2_000
    expect(Math.abs(share(({ parameters }) => Number(parameters.log) < 1e-2) - 1 / 6)).toBeLessThan(0.03)
    for (const whole of [1, 4])
      expect(Math.abs(share(({ parameters }) => parameters.whole === whole) - 1 / 4)).toBeLessThan(0.04)
  })
})

test("a grid has every combination once, with conditional parameters only where they exist", async () => {
  const { trials, stoppedBy } = await search({
    space: {
      loss: { kind: "choice", values: ["squared", "huber"] },
      delta: { kind: "uniform", low: 1, high: 3, when: { parameter: "loss", is: ["huber"] } },
      rate: { kind: "log-uniform", low: 0.01, high: 1 },
      leaves: { kind: "integer", low: 7, high: 8 },
    },
    method: { kind: "grid", points: 3 },
    direction: "minimize",
    objective: () => 0,
  })
  expect(stoppedBy).toBe("end")
  expect(trials.length).toBe(1 * 3 * 2 + 3 * 3 * 2)
  expect(new Set(trials.map(({ parameters }) => JSON.stringify(parameters))).size).toBe(trials.length)
  expect(new Set(trials.flatMap(({ parameters }) => parameters.delta ?? []))).toEqual(new Set([1, 2, 3]))
  expect(trials[2].parameters.rate).toBeCloseTo(0.1, 12)
})

describe("TPE", () => {
  test("beats random search in most of 16 seeds, and in the mean, on every test function", async () => {
    for (const [name, { space: domain, value: objective }] of Object.entries(testFunctions)) {
      let wins = 0
      let logRatio = 0
      for (let seed = 0; seed < 16; seed++) {
        const best = async (kind: "random" | "tpe") => {
          const found = await search({
            space: domain,
            method: { kind },
            direction: "minimize",
            budget: { trials: 60 },
            random: createRandom(seed),
            objective: ({ parameters }) => objective(parameters),
          })
          return found.best.value!
        }
        const [random, tpe] = [await best("random"), await best("tpe")]
        if (tpe < random) wins++
        logRatio += Math.log(tpe / random) / 16
      }
      // 13 wins or more of 16 happen by chance one time in a hundred.
      expect(wins, name).toBeGreaterThanOrEqual(13)
      expect(logRatio, name).toBeLessThan(0)
    }
  })

  test("has Optuna's densities and weights", () => {
    const { cases, weights } = readGolden<{
      parzen: {
        cases: {
          space: Space
          observed: Record<string, number[]>
          asked: Record<string, number[]>
          logDensity: number[]
        }[]
        weights: Record<string, number[]>
      }
    }>("selection").parzen
    for (const [count, expected] of Object.entries(weights))
      expect(largestDifference(recencyWeights(Number(count)), expected)).toBeLessThan(1e-12)
    for (const { space: any, observed, asked, logDensity } of cases) {
      const points = (columns: Record<string, number[]>) =>
        Object.values(columns)[0].map((_, row) =>
          Object.fromEntries(
            Object.entries(any).map(([name, parameter]) => {
              const value = columns[name][row]
              return [name, parameter.kind === "choice" ? parameter.values[value] : value]
            }),
          ),
        )
      const known = points(observed)
      const estimator = parzenEstimator(any, known, recencyWeights(known.length))
      expect(largestDifference(points(asked).map(estimator.logDensity), logDensity)).toBeLessThan(1e-9)
    }
  })

  test("the normal distribution is SciPy's, into both tails", () => {
    const { normalValues, normalCdf: expected } = readGolden<{
      student: { normalValues: number[]; normalCdf: number[] }
    }>("selection").student
    normalValues.forEach((x, i) => {
      expect(Math.abs(normalCdf(x) / expected[i] - 1)).toBeLessThan(1e-10)
    })
  })
})

describe("successive halving", () => {
  const method = { kind: "halving", minResource: 1, maxResource: 27 } as const

  test("gives the best third of each rung three times the resource", async () => {
    const { trials, best } = await run({ method, budget: {} })
    const rungs = [1, 3, 9, 27].map(resource => trials.filter(trial => trial.resource === resource))
    expect(rungs.map(rung => rung.length)).toEqual([27, 9, 3, 1])
    for (let rung = 1; rung < 4; rung++) {
      const worst = Math.max(...rungs[rung].map(trial => trial.value!))
      const lost = rungs[rung - 1].filter(
        ({ parameters }) => !rungs[rung].some(trial => trial.parameters === parameters),
      )
      for (const trial of lost) expect(trial.value).toBeGreaterThanOrEqual(worst)
    }
    expect(best).toBe(rungs[3][0])
  })

  test("of failed trials goes on with those that did not fail", async () => {
    const { trials } = await search({
      ...base,
      budget: {},
      method,
      objective: ({ number, resource }) => {
        if (resource === 1 && number % 9 !== 0) throw new Error("no memory")
        return number
      },
    })
    expect(trials.filter(({ state }) => state === "failed").length).toBe(24)
    expect(trials.filter(({ resource }) => resource === 3).map(({ parameters }) => parameters)).toEqual(
      [0, 9, 18].map(number => trials[number].parameters),
    )
  })

  test("in Hyperband's brackets starts with fewer configurations on more resource each time", async () => {
    const { trials } = await run({
      method: { kind: "hyperband", minResource: 1, maxResource: 9 },
      budget: {},
    })
    const sizes = trials.reduce<Record<string, number>>((counts, { resource }) => {
      counts[String(resource)] = (counts[String(resource)] ?? 0) + 1
      return counts
    }, {})
    // Brackets of 9 -> 3 -> 1, 5 -> 1 and 3 configurations.
    expect(sizes).toEqual({ 1: 9, 3: 3 + 5, 9: 1 + 1 + 3 })
  })
})

describe("for a given seed and number of parallel trials", () => {
  const methods: SearchMethod[] = [
    { kind: "random" },
    { kind: "tpe", startup: 5 },
    { kind: "hyperband", minResource: 1, maxResource: 9 },
  ]

  test("trials are the same whatever takes how long", async () => {
    for (const method of methods)
      for (const parallel of [1, 3]) {
        const timed = (seed: number) => {
          const clock = createRandom(seed)
          return search({
            ...base,
            budget: { trials: 16 },
            method,
            parallel,
            random: createRandom(4),
            objective: async ({ parameters }) => {
              await wait(clock.integer(4))
              return value(parameters)
            },
          })
        }
        expect(timeless((await timed(1)).trials)).toEqual(timeless((await timed(2)).trials))
      }
  })

  test("pruning decisions are, too", async () => {
    const timed = (seed: number) => {
      const clock = createRandom(seed)
      return search({
        ...base,
        method: { kind: "tpe" },
        parallel: 3,
        pruning: { startup: 2 },
        objective: async ({ parameters, report }) => {
          for (let step = 1; step <= 3; step++) {
            await wait(clock.integer(2))
            if (report(step, value(parameters) + 1 / step)) break
          }
          return value(parameters)
        },
      })
    }
    const { trials } = await timed(1)
    expect(timeless((await timed(2)).trials)).toEqual(timeless(trials))
    expect(trials.some(({ state }) => state === "pruned")).toBe(true)
  })

  test("a search that was interrupted goes on with the same trials", async () => {
    for (const method of methods) {
      const whole = await run({ method, parallel: 2, budget: { trials: 16 } })
      const kept: Trial[] = []
      const controller = new AbortController()
      const interrupted = run({
        method,
        parallel: 2,
        budget: { trials: 16 },
        signal: controller.signal,
        onTrial: trial => {
          kept.push(trial)
          if (kept.length === 9) controller.abort()
        },
      })
      await expect(interrupted).rejects.toMatchObject({ code: "INTERRUPTED" })
      expect(kept.length).toBe(9)
      // As a store gives them back: in another order, through JSON, one lost.
      const resumeFrom = JSON.parse(JSON.stringify(kept.filter(trial => trial.number !== 3).reverse()))
      const again: number[] = []
      const resumed = await run({
        method,
        parallel: 2,
        budget: { trials: 16 },
        resumeFrom,
        onTrial: trial => void again.push(trial.number),
      })
      expect(again).toContain(3)
      expect(again.length).toBe(8)
      expect(resumed.trials.map(({ value: v, parameters }) => [v, parameters])).toEqual(
        whole.trials.map(({ value: v, parameters }) => [v, parameters]),
      )
    }
  })
})

describe("a search", () => {
  test("never has more trials under way than `parallel`", async () => {
    let running = 0
    let most = 0
    await search({
      ...base,
      method: { kind: "tpe" },
      parallel: 3,
      objective: async () => {
        most = Math.max(most, ++running)
        await wait(1)
        running--
        return 0
      },
    })
    expect(most).toBe(3)
  })

  test("records failed trials and goes on", async () => {
    const { trials, best } = await search({
      ...base,
      method: { kind: "tpe", startup: 3 },
      objective: ({ number, parameters }) => {
        if (number % 3 === 0) throw new RoadmapError("LIMIT_EXCEEDED", "Too many leaves.")
        return number % 3 === 1 ? Number.NaN : value(parameters)
      },
    })
    expect(trials.map(({ state }) => state).filter(state => state === "failed").length).toBe(20)
    expect(trials[3].error).toEqual({ code: "LIMIT_EXCEEDED", message: "Too many leaves." })
    expect(trials[4].error?.message).toMatch(/objective is NaN/)
    expect(best.value).toBe(Math.min(...trials.flatMap(trial => trial.value ?? [])))
  })

  test("fails with a code when every trial failed, and says why the first did", async () => {
    const failing = search({
      ...base,
      budget: { trials: 4 },
      method: { kind: "random" },
      objective: () => {
        throw new Error("no such column")
      },
    })
    await expect(failing).rejects.toMatchObject({
      code: "TRIALS_FAILED",
      message: "None of 4 trials was completed; trial 0: no such column",
    })
  })

  test("draws a best-so-far curve that never gets worse", async () => {
    for (const direction of ["minimize", "maximize"] as const) {
      const { history, best, trials } = await run({ method: { kind: "random" }, direction })
      const sign = direction === "minimize" ? 1 : -1
      history.forEach((point, i) => {
        expect(point.best).toBe(sign * Math.min(...trials.slice(0, i + 1).map(trial => sign * trial.value!)))
      })
      expect(history.at(-1)?.best).toBe(best.value)
    }
  })

  test("starts no trial past its budget of seconds", async () => {
    const { trials, stoppedBy } = await search({
      ...base,
      budget: { seconds: 0.02, trials: 1_000 },
      method: { kind: "random" },
      objective: () => wait(8).then(() => 1),
    })
    expect(stoppedBy).toBe("seconds")
    expect(trials.length).toBeLessThan(10)
  })

  test("ends when a trial cannot be written down", async () => {
    const lost = run({
      method: { kind: "random" },
      onTrial: ({ number }) => {
        if (number === 2) throw new RoadmapError("DISK_FULL", "The disk is full.")
      },
    })
    await expect(lost).rejects.toMatchObject({ code: "DISK_FULL" })
  })

  test("keeps what a trial reported up to where it was told to stop, and no more", async () => {
    const { trials } = await search({
      ...base,
      budget: { trials: 6 },
      method: { kind: "random" },
      pruning: { startup: 3, warmupSteps: 2 },
      objective: ({ number, report }) => {
        for (let step = 1; step <= 4; step++) report(step, number)
        return number
      },
    })
    expect(trials.map(({ state }) => state)).toEqual([
      "complete",
      "complete",
      "complete",
      "pruned",
      "pruned",
      "pruned",
    ])
    expect(trials[4].intermediate).toEqual([
      { step: 1, value: 4 },
      { step: 2, value: 4 },
    ])
    expect(trials[4].value).toBeUndefined()
  })

  test("refuses what it cannot do", async () => {
    const [trial] = (await run({ method: { kind: "random" }, budget: { trials: 1 } })).trials
    const spaceOf = (given: object) => ({ space: given as Space, method: { kind: "random" } }) as const
    const random = { method: { kind: "random" } } as const
    const refusals: [Parameters<typeof run>[0], RegExp][] = [
      [{ ...random, budget: {} }, /random search never ends/],
      [{ ...random, budget: { trials: 0 } }, /budget.trials is 0/],
      [{ ...random, budget: { seconds: 0 } }, /budget.seconds is 0/],
      [{ ...random, parallel: 0.5 }, /parallel is 0.5/],
      [{ method: { kind: "grid", points: 400 } }, /more than 100000 points/],
      [{ method: { kind: "halving", minResource: 9, maxResource: 1 } }, /from 9 to 1/],
      [{ method: { kind: "halving", minResource: 1, maxResource: 9 }, pruning: {} }, /takes no pruning/],
      [{ ...random, resumeFrom: [trial, trial] }, /Trial 0 .* twice/],
      [
        { ...random, resumeFrom: [{ ...trial, parameters: { rate: 5 } }] },
        /not of this space: rate cannot be 5/,
      ],
      [spaceOf({}), /no parameters/],
      [spaceOf({ x: { kind: "uniform", low: 2, high: 1 } }), /x: the range 2..1 is empty/],
      [spaceOf({ x: { kind: "log-uniform", low: 0, high: 1 } }), /starts above 0/],
      [spaceOf({ x: { kind: "integer", low: 0.5, high: 1 } }), /whole numbers/],
      [spaceOf({ x: { kind: "choice", values: [1, 1] } }), /twice/],
      [spaceOf({ x: { kind: "normal", low: 0, high: 1 } }), /x: /],
      [
        spaceOf({ x: { kind: "uniform", low: 0, high: 1, when: { parameter: "y", is: [1] } } }),
        /"y", which is no earlier parameter/,
      ],
    ]
    for (const [options, message] of refusals)
      await expect(run(options)).rejects.toMatchObject(refusal(message))
  })
})
