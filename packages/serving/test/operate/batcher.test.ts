import { createFeatures, type Features } from "@roadmap/ml/features"
import fc from "fast-check"
import { afterEach, describe, expect, it } from "vitest"
import { createBatcher } from "../../src/operate/batcher.ts"
import { joinFeatures, splitPredictions } from "../../src/operate/join.ts"
import { openScoringPool, type ScoringPool } from "../../src/operate/workers.ts"
import { doubled, rowsOf, spin, valuesOf } from "./doubling-model.ts"

const loader = new URL("./doubling-model.ts", import.meta.url)
const pools: ScoringPool[] = []
const openPool = (options: { workers?: number; timeoutMs?: number } = {}) => {
  const pool = openScoringPool({ loader, workers: 1, ...options })
  pools.push(pool)
  return pool
}
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.close()
})

/** Calls of the model, in the calling thread: how many rows each had. */
const counting = (ms = 0) => {
  const calls: number[] = []
  return {
    calls,
    model: {
      folder: `spins-${ms}`,
      predict(features: Features) {
        calls.push(features.rows)
        spin(ms)
        return doubled(features)
      },
    },
  }
}
/** Enough calls for the batcher to know what one takes. */
const warmUp = async (batcher: ReturnType<typeof createBatcher>) => {
  for (let i = 0; i < 6; i++) {
    await batcher.predict(rowsOf(1))
    await new Promise(setImmediate)
  }
}

describe("a batcher", () => {
  it("answers at once, without a promise, when nothing waits", () => {
    const { model } = counting()
    const predictions = createBatcher({ model }).predict(rowsOf(1, 2))
    expect(predictions).not.toBeInstanceOf(Promise)
    expect(valuesOf(predictions as never)).toEqual([2, 4])
  })
  it("leaves cheap requests alone however many come together", () => {
    const { calls, model } = counting()
    const batcher = createBatcher({ model })
    for (let i = 0; i < 20; i++) expect(batcher.predict(rowsOf(i))).not.toBeInstanceOf(Promise)
    expect(calls).toHaveLength(20)
  })
  it("joins costly requests of one turn of the event loop, and gives each its own rows", async () => {
    const { calls, model } = counting(1)
    const batches: number[] = []
    const batcher = createBatcher({ model, longMs: 1000, onBatch: ({ requests }) => batches.push(requests) })
    await warmUp(batcher)
    calls.length = 0
    const answers = await Promise.all(
      Array.from({ length: 10 }, async (_, i) => batcher.predict(rowsOf(...Array(i + 1).fill(i)))),
    )
    expect(answers.map(valuesOf)).toEqual(Array.from({ length: 10 }, (_, i) => Array(i + 1).fill(2 * i)))
    expect(calls).toEqual([1, 54])
    expect(batches.at(-1)).toBe(9)
    expect(batcher.waitingRows()).toBe(0)
  })
  it("joins no more rows than it may", async () => {
    const { calls, model } = counting(1)
    const batcher = createBatcher({ model, longMs: 1000, maxRows: 4 })
    await warmUp(batcher)
    calls.length = 0
    await Promise.all(Array.from({ length: 10 }, async (_, i) => batcher.predict(rowsOf(i))))
    expect(Math.max(...calls)).toBe(4)
    expect(calls.reduce((sum, rows) => sum + rows)).toBe(10)
  })
  it("fails the request whose rows the model refuses, and no other of its batch", async () => {
    const { model } = counting(1)
    const batcher = createBatcher({ model, longMs: 1000 })
    await warmUp(batcher)
    const answers = await Promise.allSettled([0, 1, -1, 2].map(async value => batcher.predict(rowsOf(value))))
    expect(answers.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled"])
  })
  it("refuses a request whose deadline has passed, or whose client has gone", () => {
    const batcher = createBatcher({ model: counting().model })
    expect(() => batcher.predict(rowsOf(1), { deadline: performance.now() - 1 })).toThrow(/deadline/)
    expect(() => batcher.predict(rowsOf(1), { signal: AbortSignal.abort() })).toThrow(/Interrupted/)
  })
})

describe("a batcher with threads", () => {
  it("keeps long calls off the event loop, and joins what arrives while the thread is busy", async () => {
    const { calls, model } = counting(20)
    const batches: number[] = []
    const batcher = createBatcher({
      model,
      pool: openPool(),
      longMs: 5,
      onBatch: ({ requests }) => batches.push(requests),
    })
    await warmUp(batcher)
    calls.length = 0
    batches.length = 0
    const answers = await Promise.all(Array.from({ length: 12 }, async (_, i) => batcher.predict(rowsOf(i))))
    expect(answers.map(valuesOf)).toEqual(Array.from({ length: 12 }, (_, i) => [2 * i]))
    expect(calls).toEqual([])
    expect(batches).toEqual([1, 11])
  })
  it("sends a request of many rows to a thread before it knows the model", async () => {
    const { calls, model } = counting()
    const batcher = createBatcher({ model, pool: openPool(), maxRows: 10 })
    const values = Array.from({ length: 100 }, (_, i) => i)
    expect(valuesOf(await batcher.predict(rowsOf(...values)))).toEqual(values.map(x => 2 * x))
    expect(calls).toEqual([])
  })
  it("answers TIMEOUT at the deadline, not when the thread is free, and goes on", async () => {
    const model = { ...counting().model, folder: "spins-300" }
    const batcher = createBatcher({ model, pool: openPool(), maxRows: 1, longMs: 5 })
    const first = batcher.predict(rowsOf(1, 1, 1, 1, 1))
    const late = batcher.predict(rowsOf(2, 2, 2, 2, 2), { deadline: performance.now() + 20 })
    const order: string[] = []
    await Promise.allSettled([
      Promise.resolve(first).then(() => order.push("first")),
      Promise.resolve(late).catch(error => order.push(error.code)),
    ])
    expect(order).toEqual(["TIMEOUT", "first"])
    expect(valuesOf(await batcher.predict(rowsOf(3, 3, 3, 3, 3)))).toEqual([6, 6, 6, 6, 6])
  })
  it("refuses rows beyond what may wait", async () => {
    const model = { ...counting().model, folder: "spins-50" }
    const batcher = createBatcher({ model, pool: openPool(), maxRows: 1, maxWaitingRows: 10 })
    const going = [batcher.predict(rowsOf(...Array(8).fill(0))), batcher.predict(rowsOf(...Array(8).fill(0)))]
    expect(() => batcher.predict(rowsOf(...Array(8).fill(0)))).toThrow(/8 rows wait/)
    await Promise.all(going)
  })
  it("survives a thread that dies: WORKER_DIED for its request, a new thread for the next", async () => {
    const pool = openPool()
    await expect(pool.score("exits", () => rowsOf(1))).rejects.toMatchObject({
      code: "WORKER_DIED",
      retryable: true,
    })
    expect(pool.threads()).toBe(0)
    expect(valuesOf((await pool.score("doubles", () => rowsOf(4)))!.predictions)).toEqual([8])
  })
  it("ends a call that takes longer than it may", async () => {
    const pool = openPool({ timeoutMs: 150 })
    await expect(pool.score("spins-5000", () => rowsOf(1))).rejects.toMatchObject({ code: "TIMEOUT" })
    expect(valuesOf((await pool.score("doubles", () => rowsOf(4)))!.predictions)).toEqual([8])
  })
  it("carries the model's own refusal back", async () => {
    await expect(openPool().score("doubles", () => rowsOf(-1))).rejects.toMatchObject({
      code: "INVALID_INPUT",
      message: "The model refuses -1.",
    })
  })
  it("rejects what waits when it is closed", async () => {
    const pool = openPool()
    const calls = [1, 2].map(() => pool.score("spins-5000", () => rowsOf(1)))
    const refused = Promise.allSettled(calls)
    await pool.close()
    expect((await refused).map(({ status }) => status)).toEqual(["rejected", "rejected"])
    await expect(pool.score("doubles", () => rowsOf(1))).rejects.toMatchObject({ code: "INTERRUPTED" })
  })
  it("has 1 to 64 threads", () => {
    expect(() => openScoringPool({ loader, workers: 0 })).toThrow(/1 to 64/)
  })
})

it("a model that answers later gets one call at a time, with all that waits", async () => {
  const calls: number[] = []
  const model = {
    folder: "onnx",
    async predict(features: Features) {
      calls.push(features.rows)
      await new Promise(resolve => setTimeout(resolve, 5))
      return doubled(features)
    },
  }
  const batcher = createBatcher({ model })
  await batcher.predict(rowsOf(0))
  const answers = await Promise.all(Array.from({ length: 8 }, async (_, i) => batcher.predict(rowsOf(i))))
  expect(answers.map(valuesOf)).toEqual(Array.from({ length: 8 }, (_, i) => [2 * i]))
  expect(calls.length).toBeLessThanOrEqual(3)
})

it("joined and split again, every request has its own rows", () => {
  const categories = ["ATL", "ORD", "(not seen)"]
  const request = fc.integer({ min: 0, max: 5 }).chain(rows =>
    fc.record({
      numbers: fc.array(fc.double({ noNaN: true }), { minLength: rows, maxLength: rows }),
      codes: fc.array(fc.integer({ min: -1, max: 2 }), { minLength: rows, maxLength: rows }),
      decimals: fc.boolean(),
    }),
  )
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), requests => {
      const parts = requests.map(({ numbers, codes, decimals }) =>
        createFeatures([
          { name: "x", kind: "numeric", values: Float64Array.from(numbers) },
          {
            name: "n",
            kind: "numeric",
            values: decimals ? Float64Array.from(codes, code => code + 0.5) : Int32Array.from(codes),
          },
          { name: "airport", kind: "categorical", codes: Int32Array.from(codes), categories },
        ]),
      )
      const joined = joinFeatures(parts)
      const columns = joined.columns.map(column => ({
        name: column.name,
        values: Float64Array.from(column.kind === "numeric" ? column.values : column.codes),
      }))
      const shares = splitPredictions({ rows: joined.rows, columns }, parts)
      shares.forEach((share, i) => {
        parts[i].columns.forEach((column, c) => {
          const own = column.kind === "numeric" ? column.values : column.codes
          expect([...share.columns[c].values]).toEqual([...own])
        })
      })
    }),
    { numRuns: 50 },
  )
})
