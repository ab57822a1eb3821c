import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { fitBoosting } from "../src/boosting/fit.ts"
import type { BoostingParameters } from "../src/boosting/parameters.ts"
import { startPool } from "../src/boosting/pool.ts"
import { buildKernels } from "../src/boosting/wasm/build.ts"
import { mixedRows } from "./boosting-data.ts"

const cases: [string, Partial<BoostingParameters>][] = [
  ["squared loss", {}],
  ["squared loss with sampling", { rowFraction: 0.7, columnFraction: 0.5 }],
  ["absolute loss", { loss: "absolute" }],
  ["quantile loss", { loss: "quantile", quantile: 0.3 }],
  ["Huber loss", { loss: "huber", huberDelta: 2 }],
  ["logistic loss", { loss: "logistic" }],
  ["Poisson loss", { loss: "poisson" }],
  ["monotone constraints with L1", { monotone: { x0: 1 }, l1: 5 }],
]

describe("the model is the same to the last bit", () => {
  for (const [name, parameters] of cases)
    for (const weighted of [false, true])
      test(`for 1 to 4 threads and both engines: ${name}${weighted ? ", weighted" : ""}`, async () => {
        const { features, target, weights, labels } = mixedRows(9000)
        const { loss } = parameters
        const goal =
          loss === "logistic"
            ? labels
            : loss === "poisson"
              ? target.map(v => Math.max(0, Math.round(v)))
              : target
        const fit = (threads: number, engine: "wasm" | "typescript") =>
          fitBoosting({
            features,
            target: goal,
            weights: weighted ? weights : undefined,
            validation: { features, target: goal },
            parameters: { trees: 4, leaves: 12, earlyStopping: 2, ...parameters },
            threads,
            engine,
          })
        const reference = await fit(1, "typescript")
        expect(reference.roots.length).toBe(4)
        // Between them the weighted and the plain run meet every number of threads on both engines' side.
        expect(await fit(1, "wasm")).toEqual(reference)
        expect(await fit(weighted ? 4 : 2, "wasm")).toEqual(reference)
        expect(await fit(weighted ? 2 : 3, "typescript")).toEqual(reference)
      })

  test("for 1, 12, 13, 28, 29, 60, 61 and 130 features: every shape of row", async () => {
    for (const numeric of [1, 11, 12, 27, 28, 59, 60, 129]) {
      const { features, target, labels } = mixedRows(700, 3, Math.max(3, numeric))
      const columns = numeric === 1 ? features.columns.slice(0, 2) : features.columns
      for (const loss of ["squared", "logistic"] as const) {
        const fit = (engine: "wasm" | "typescript", threads: number) =>
          fitBoosting({
            features: { ...features, columns },
            target: loss === "squared" ? target : labels,
            parameters: { loss, trees: 3 },
            engine,
            threads,
          })
        const reference = await fit("typescript", 1)
        expect(await fit("wasm", 1)).toEqual(reference)
        if (numeric === 129) expect(await fit("wasm", 2)).toEqual(reference)
      }
    }
  })
})

test("kernels.wasm is what its source builds", async () => {
  const committed = readFileSync(new URL("../src/boosting/wasm/kernels.wasm", import.meta.url))
  expect(Buffer.from(await buildKernels()).equals(committed)).toBe(true)
})

describe("the workers", () => {
  test("are gone after a fit, an abort and a failure", async () => {
    const threads = () =>
      process.getActiveResourcesInfo().filter(name => name === "MessagePort" || name === "Worker").length
    const before = threads()
    const { features, target } = mixedRows(5000)
    await fitBoosting({ features, target, threads: 2, parameters: { trees: 3 } })
    const signal = AbortSignal.timeout(150)
    await expect(
      fitBoosting({ features, target, threads: 3, parameters: { trees: 100_000 }, signal }),
    ).rejects.toMatchObject({ code: "INTERRUPTED" })
    await expect(
      fitBoosting({ features, target: target.map(() => Number.NaN), threads: 2 }),
    ).rejects.toThrow()
    expect(threads()).toBeLessThanOrEqual(before)
  })

  test("one that dies fails the fit with WORKER_DIED, and the others are stopped", async () => {
    const pool = startPool(2)
    const waiting = pool.run({} as never, () => {})
    await pool.workers[1].terminate()
    await expect(waiting).rejects.toMatchObject({ code: "WORKER_DIED", retryable: true })
    await pool[Symbol.asyncDispose]()
    expect(pool.workers.every(worker => worker.threadId === -1)).toBe(true)
  })
})
