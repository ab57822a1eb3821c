import { existsSync, mkdtempSync, readdirSync, readFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { retry, sleep, throwIfAborted } from "../src/async.ts"
import { loadConfig } from "../src/config.ts"
import { exitCodes, RoadmapError, toRoadmapError } from "../src/errors.ts"
import { resolveInside, writeFileAtomic } from "../src/files.ts"
import { canonicalJson } from "../src/hash.ts"
import { createLogger } from "../src/logger.ts"
import { editDistance, nearest } from "../src/names.ts"
import { createRandom, sampleIndices, shuffle } from "../src/random.ts"

describe("configuration", () => {
  test("an empty environment selects the embedded parts", () => {
    const config = loadConfig({})
    expect(config.mlflow).toBeUndefined()
    expect(config.databricks).toBeUndefined()
    expect(config.home.endsWith(".roadmap")).toBe(true)
  })

  test("names every bad variable at once and none of their values", () => {
    const env = {
      LOG_LEVEL: "loud",
      MLFLOW_TRACKING_URI: "ftp-secret",
      DATABRICKS_HOST: "https://x.example",
      DATABRICKS_TOKEN: "",
    }
    expect(() => loadConfig(env)).toThrow(
      expect.objectContaining({
        code: "CONFIG_INVALID",
        message: expect.stringMatching(
          /LOG_LEVEL: expected one of[\s\S]*MLFLOW_TRACKING_URI: expected an http/,
        ),
      }),
    )
    try {
      loadConfig(env)
    } catch (error) {
      expect((error as Error).message).not.toMatch(/loud|secret/)
    }
  })

  test("asks for the variables that belong together", () => {
    expect(() => loadConfig({ DATABRICKS_HOST: "https://x.example" })).toThrow(/DATABRICKS_TOKEN/)
    expect(() => loadConfig({ MLFLOW_TRACKING_URI: "databricks" })).toThrow(/DATABRICKS_HOST/)
  })
})

describe("errors", () => {
  test.each([
    ["ENOENT", "FILE_MISSING"],
    ["EACCES", "PERMISSION"],
    ["ENOSPC", "DISK_FULL"],
  ] as const)("%s becomes %s and names the path", (errno, code) => {
    const error = toRoadmapError(Object.assign(new Error("x"), { code: errno, path: "/data/a" }))
    expect(error).toMatchObject({ code, message: expect.stringContaining("/data/a") })
  })

  test("an aborted signal is an interruption, anything unknown is internal", () => {
    expect(toRoadmapError(AbortSignal.abort().reason).code).toBe("INTERRUPTED")
    expect(toRoadmapError("odd")).toMatchObject({ code: "INTERNAL", message: "odd" })
  })

  test("every code is documented with its exit code", () => {
    const page = readFileSync(join(import.meta.dirname, "../../../docs/errors.md"), "utf8")
    const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (\d+) \|/gm)].map(([, code, exit]) => [
      code,
      Number(exit),
    ])
    expect(Object.fromEntries(rows)).toEqual(exitCodes)
  })
})

describe("random numbers", () => {
  test("the same seed gives the same stream, another seed another one", () => {
    const draw = (seed: number) => Array.from({ length: 5 }, createRandom(seed).next)
    expect(draw(1)).toEqual(draw(1))
    expect(draw(1)).not.toEqual(draw(2))
  })

  test("a fork depends on seed and name, not on the draws before it", () => {
    const a = createRandom(3)
    const b = createRandom(3)
    b.next()
    expect(a.fork("x").next()).toBe(b.fork("x").next())
    expect(a.fork("x").next()).not.toBe(a.fork("y").next())
  })

  test("integers stay below their bound and are spread evenly", () => {
    const random = createRandom(7)
    const counts = new Array(6).fill(0)
    for (let i = 0; i < 60_000; i++) counts[random.integer(6)]++
    // Chi-squared with 5 degrees of freedom: 20.5 is the 0.1 % point.
    expect(counts.reduce((sum, count) => sum + (count - 10_000) ** 2 / 10_000, 0)).toBeLessThan(20.5)
  })

  test("normal draws have mean 0 and variance 1", () => {
    const random = createRandom(11)
    const values = Array.from({ length: 40_000 }, () => random.normal())
    const mean = values.reduce((a, b) => a + b) / values.length
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length
    expect(Math.abs(mean)).toBeLessThan(0.02)
    expect(Math.abs(variance - 1)).toBeLessThan(0.03)
  })

  test("a sample has distinct ascending indices and the asked size", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 300 }),
        fc.integer({ min: 0, max: 300 }),
        fc.integer(),
        (n, k, seed) => {
          const sample = [...sampleIndices(n, k, createRandom(seed))]
          expect(sample).toHaveLength(Math.min(n, k))
          expect(sample).toEqual([...new Set(sample)].sort((a, b) => a - b))
          expect(sample.every(index => index >= 0 && index < n)).toBe(true)
        },
      ),
    )
  })

  test("a shuffle keeps the values", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer(), (values, seed) => {
        expect([...shuffle([...values], createRandom(seed))].sort()).toEqual([...values].sort())
      }),
    )
  })
})

describe("files", () => {
  test("an atomic write leaves the new content and no temporary file", async () => {
    const folder = mkdtempSync(join(tmpdir(), "core-"))
    await writeFileAtomic(join(folder, "a", "b.txt"), "one")
    await writeFileAtomic(join(folder, "a", "b.txt"), "two")
    expect(readFileSync(join(folder, "a", "b.txt"), "utf8")).toBe("two")
    expect(readdirSync(join(folder, "a"))).toEqual(["b.txt"])
  })

  test("a failed write says why and leaves nothing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "core-"))
    await writeFileAtomic(join(folder, "file"), "x")
    await expect(writeFileAtomic(join(folder, "file", "below"), "x")).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    })
    expect(existsSync(join(folder, "file", "below"))).toBe(false)
  })

  test.each(["../a", "/etc/passwd", "a/../../b", "", "a\0b"])("the name %j cannot leave its folder", name => {
    expect(() => resolveInside("/base", name)).toThrow(expect.objectContaining({ code: "PATH_OUTSIDE" }))
  })

  test("a name inside stays", () => {
    expect(resolveInside("/base", "a/b.txt")).toBe("/base/a/b.txt")
  })
})

describe("waiting", () => {
  test("retry tries again only what may succeed later", async () => {
    let calls = 0
    const flaky = async () => {
      if (++calls < 3) throw new RoadmapError("UNREACHABLE", "no", { retryable: true })
      return calls
    }
    expect(await retry(flaky, { baseMs: 1 })).toBe(3)
    calls = 0
    const broken = async () => {
      calls++
      throw new RoadmapError("INVALID_INPUT", "no")
    }
    await expect(retry(broken)).rejects.toMatchObject({ code: "INVALID_INPUT" })
    expect(calls).toBe(1)
  })

  test("an aborted sleep ends at once", async () => {
    const controller = new AbortController()
    const waiting = sleep(60_000, controller.signal)
    controller.abort()
    await expect(waiting).rejects.toMatchObject({ code: "INTERRUPTED" })
    expect(() => throwIfAborted(controller.signal)).toThrow(expect.objectContaining({ code: "INTERRUPTED" }))
  })
})

describe("names", () => {
  test("a slip finds its name, a foreign word finds none", () => {
    expect(nearest("fbe", ["feb", "mar"])).toBe("feb")
    expect(nearest("zzzzzz", ["feb", "mar"])).toBeUndefined()
  })

  test("edit distance is symmetric and zero only for equal words", () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a))
        expect(editDistance(a, b) === 0).toBe(a === b)
      }),
    )
  })
})

test("canonical JSON does not depend on the order of keys", () => {
  expect(canonicalJson({ b: [1, { d: 1, c: 2 }], a: 1 })).toBe('{"a":1,"b":[1,{"c":2,"d":1}]}')
})

test("a log line is one JSON object without secrets", () => {
  const lines: string[] = []
  const logger = createLogger("info", { write: line => void lines.push(line) })
  logger.info({ token: "t0p", connection: { password: "hidden" }, host: "h" }, "connected")
  expect(JSON.parse(lines[0])).toMatchObject({
    token: "[redacted]",
    connection: { password: "[redacted]" },
    host: "h",
  })
  expect(lines[0]).not.toMatch(/t0p|hidden/)
})
