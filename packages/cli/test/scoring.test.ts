import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { createServer, type Server } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { openBatchHome } from "@roadmap/serving/testing/batch-home"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { roadmap } from "../testing/command.ts"

const home = mkdtempSync(join(tmpdir(), "roadmap-loadtest-"))
let server: Server
let url: string
beforeAll(async () => {
  server = createServer((request, response) => {
    request.resume()
    response.end("{}")
  })
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
  url = `http://127.0.0.1:${(server.address() as { port: number }).port}/score`
})
afterAll(() => {
  server.close()
  rmSync(home, { recursive: true })
})

describe("roadmap loadtest", () => {
  test("prints one JSON document and writes the page", async () => {
    const args = ["--rate", "50", "--seconds", "0.4", "--warmup", "0", "--connections", "2", "--body", "{}"]
    const { code, stdout } = await roadmap(home, ["loadtest", url, ...args, "--json"])
    const { requests, latency, page } = JSON.parse(stdout)
    expect([code, requests]).toEqual([0, { scheduled: 20, sent: 20, ok: 20, failed: 0 }])
    expect(latency.corrected.count).toBe(20)
    expect(page).toBe(join(home, "reports", "loadtest", "index.html"))
    expect(readFileSync(page, "utf8")).toContain("Latency by percentile")
  })

  test("searches the highest rate under a p99", async () => {
    const args = ["--p99", "5000", "--from", "20", "--to", "40", "--seconds", "0.3", "--warmup", "0"]
    const { code, stdout } = await roadmap(home, ["loadtest", url, ...args])
    expect([code, stdout]).toEqual([0, expect.stringContaining("40 requests a second")])
  })

  test.each([
    ["no rate", [], "How many requests a second?"],
    ["two rates", ["--rate", "5", "--rates", "5,6"], "two ways"],
    ["a rate that is none", ["--rate", "-5"], '--rate "-5" is not a number above 0'],
    ["a rate beside a search", ["--rate", "5", "--p99", "50"], "--p99 searches the rate"],
    ["a header without a value", ["--rate", "5", "--header", "token"], "no name and value"],
  ])("refuses %s with exit code 2", async (_, args, message) => {
    const { code, stderr } = await roadmap(home, ["loadtest", url, ...args])
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })

  test("a server that is not there is exit code 3", async () => {
    const { code, stderr } = await roadmap(home, ["loadtest", "http://127.0.0.1:9/", "--rate", "5"])
    expect([code, stderr]).toEqual([3, expect.stringContaining("UNREACHABLE")])
  })
})

describe("roadmap score", () => {
  test("scores files into a folder, says what was rejected, and has nothing to do the second time", async () => {
    await using batch = await openBatchHome({ trees: 2 })
    const file = join(batch.home, "flights.csv")
    writeFileSync(file, "flight,distance,hour\n1,100,5\n2,200,six\n")
    const out = join(batch.home, "scores")
    const args = ["score", "delay@champion", "--files", file, "--out", out]
    const first = await roadmap(batch.home, args)
    expect([first.code, first.stdout]).toEqual([
      0,
      expect.stringMatching(/1 rows scored by models:\/delay\/1/),
    ])
    expect(first.stdout).toContain("hour is no 32-bit integer")
    expect(existsSync(join(out, "manifest.json"))).toBe(true)
    const second = await roadmap(batch.home, [...args, "--json"])
    expect(JSON.parse(second.stdout)).toMatchObject({
      rows: 2,
      scored: 1,
      rejected: 1,
      partitions: 1,
      resumed: 1,
    })
  })

  test.each([
    ["no source", [], "What is to be scored?"],
    ["two sources", ["--table", "a", "--sql", "SELECT 1"], "one source"],
    ["files of two kinds", ["--files", "a.csv", "b.parquet"], "csv, parquet"],
  ])("refuses %s with exit code 2", async (_, args, message) => {
    const { code, stderr } = await roadmap(home, ["score", "late", "--out", join(home, "x"), ...args])
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)])
  })
})
