import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createRandom } from "@roadmap/core/random"
import fc from "fast-check"
import { afterAll, describe, expect, test } from "vitest"
import { nthLargest } from "../src/vector-store/adapters/embedded/nearest.ts"
import { createRotation } from "../src/vector-store/adapters/embedded/rotation.ts"
import { openEmbeddedStore } from "../src/vector-store/adapters/embedded/store.ts"
import { buildKernels } from "../src/vector-store/adapters/embedded/wasm/build.ts"
import { openVectorStore } from "../src/vector-store/open.ts"
import { allIds, clusteredRecords, idsOf, record, vector } from "../testing/contract/context.ts"

const home = mkdtempSync(join(tmpdir(), "embedded-vectors-"))
afterAll(() => rmSync(home, { recursive: true }))
let folders = 0
const newFolder = () => join(home, `${folders++}`)

test("kernels.wasm is what its source builds", async () => {
  const committed = readFileSync(
    new URL("../src/vector-store/adapters/embedded/wasm/kernels.wasm", import.meta.url),
  )
  expect(Buffer.from(await buildKernels()).equals(committed)).toBe(true)
})

test("the rotation keeps lengths and angles, and spreads a single number over all", () => {
  const random = createRandom(5)
  const rotate = createRotation(384)
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * b[i], 0)
  const [a, b] = [1, 2].map(() => Float32Array.from({ length: 384 }, () => random.normal()))
  const before = [dot(a, a), dot(a, b)]
  rotate(a)
  rotate(b)
  expect(dot(a, a) / before[0]).toBeCloseTo(1, 5)
  expect(dot(a, b)).toBeCloseTo(before[1], 2)
  const axis = new Float32Array(384)
  axis[7] = 1
  rotate(axis)
  expect(Math.max(...axis.map(Math.abs))).toBeLessThan(0.3)
})

test("the value at a place of a descending order is found without sorting", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: -20, max: 20 }), { minLength: 1, maxLength: 200 }),
      fc.nat(),
      (values, at) => {
        const n = at % values.length
        expect(nthLargest(Float32Array.from(values), n)).toBe([...values].sort((a, b) => b - a)[n])
      },
    ),
  )
})

describe("the embedded store", () => {
  test("finds in vectors along the axes, where bits of the numbers themselves would say nothing", async () => {
    await using store = await openEmbeddedStore({ folder: newFolder(), dimensions: 128 })
    const random = createRandom(3)
    const records = Array.from({ length: 6_000 }, (_, i) => {
      const values = new Array<number>(128).fill(0)
      values[i % 128] = 1
      values[random.integer(128)] += 0.2 * random.next()
      return record(`r${i}`, values)
    })
    await store.upsert(records)
    let found = 0
    for (let axis = 0; axis < 20; axis++) {
      const query = Float32Array.from({ length: 128 }, (_, i) => (i === axis ? 1 : 0.01 * ((i * 7) % 5)))
      const exact = new Set(idsOf(await store.search(query, { k: 10, exact: true })))
      found += idsOf(await store.search(query, { k: 10 })).filter(id => exact.has(id)).length
    }
    expect(found).toBeGreaterThanOrEqual(190)
  })
  test("keeps up when the vectors move away from where the codes were made", async () => {
    await using store = await openEmbeddedStore({ folder: newFolder(), dimensions: 32 })
    const shifted = (seed: number, shift: number, label: string) =>
      clusteredRecords(6_000, 32, seed).map(({ id, vector, metadata }) => ({
        id: `${label}${id}`,
        vector: vector.map(value => value + shift),
        metadata,
      }))
    await store.upsert(shifted(1, 0, "a"))
    await store.search(vector(...new Array(32).fill(1)), { k: 1 })
    await store.upsert(shifted(2, 3, "b"))
    await store.upsert(shifted(3, -3, "c"))
    let found = 0
    for (const { vector: query } of shifted(2, 3, "b").slice(0, 20)) {
      const exact = new Set(idsOf(await store.search(query, { k: 10, exact: true })))
      found += idsOf(await store.search(query, { k: 10 })).filter(id => exact.has(id)).length
    }
    expect(found).toBeGreaterThanOrEqual(190)
  })
  test("gives places of deleted vectors to new ones, and never their metadata", async () => {
    await using store = await openEmbeddedStore({ folder: newFolder(), dimensions: 3 })
    await store.upsert([record("old", [1, 0, 0], { kind: "old" })])
    expect(await store.count({ kind: "old" })).toBe(1)
    await store.delete(["old"])
    await store.upsert([record("new", [0, 1, 0], { kind: "new" })])
    expect(idsOf(await store.search(vector(1, 0, 0), { k: 5 }))).toEqual(["new"])
    expect([await store.count({ kind: "old" }), await store.count({ kind: "new" })]).toEqual([0, 1])
  })
  test("says STATE_CORRUPT for a file that is no store", async () => {
    const folder = newFolder()
    await (await openEmbeddedStore({ folder, dimensions: 3 }))[Symbol.asyncDispose]()
    writeFileSync(
      join(folder, "vectors.sqlite"),
      "not a database, and longer than a header of SQLite would be ".repeat(9),
    )
    await expect(openEmbeddedStore({ folder, dimensions: 3 })).rejects.toMatchObject({
      code: "STATE_CORRUPT",
    })
  })
  test("refuses names of collections that are no plain names", async () => {
    for (const name of ["", "Upper", "../up", "a b", "1st", "x".repeat(41), "a;b"])
      await expect(openVectorStore({}, { name, dimensions: 3, folder: newFolder() })).rejects.toMatchObject({
        code: "INVALID_INPUT",
      })
  })
})

describe("processes on one embedded store", () => {
  const start = (folder: string, label: string): ChildProcess =>
    fork(join(import.meta.dirname, "children", "write-vectors.ts"), [folder, label], { stdio: "inherit" })

  test("one that is killed while it writes leaves whole calls, and the next goes on", async () => {
    const folder = newFolder()
    const child = start(folder, "k")
    const calls = await new Promise<number>(resolve => {
      child.on("message", (done: number) => {
        if (done === 5) child.kill("SIGKILL")
      })
      let last = 0
      child.on("message", (done: number) => {
        last = done
      })
      child.on("exit", () => resolve(last))
    })
    await using store = await openEmbeddedStore({ folder, dimensions: 8 })
    const count = await store.count()
    expect(count % 100).toBe(0)
    expect(count / 100).toBeGreaterThanOrEqual(calls)
    await store.upsert([record("after", [1, 2, 3, 4, 5, 6, 7, 8])])
    expect(await store.count()).toBe(count + 1)
  })
  test("two that write at once lose nothing, and a third that reads sees all", async () => {
    const folder = newFolder()
    await using reader = await openEmbeddedStore({ folder, dimensions: 8 })
    expect(await reader.search(vector(1, 0, 0, 0, 0, 0, 0, 0), { k: 1 })).toEqual([])
    await Promise.all(["a", "b"].map(async label => once(start(folder, label), "exit")))
    expect(await allIds(reader)).toHaveLength(4_000)
    expect(await reader.search(vector(1, 0, 0, 0, 0, 0, 0, 0), { k: 5_000 })).toHaveLength(4_000)
  })
})
