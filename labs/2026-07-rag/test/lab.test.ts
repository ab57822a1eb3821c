import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import { describePage } from "@roadmap/report/testing/describe-page"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { type Finished, roadmap, signalAt } from "../../../packages/cli/testing/command.ts"
import { openProjectAssistant } from "../src/assistant.ts"

/** One flight in a hundred for the months before; a sample's July searches by words alone. All tests share one run, killed once. */
const sample = "100"
const home = mkdtempSync(join(tmpdir(), "roadmap-jul-"))
const run = (onStart?: Parameters<typeof roadmap>[2]) =>
  roadmap(home, ["run", "jul", "--sample", sample, "--json"], onStart)

let killed: Finished
let first: Finished
beforeAll(async () => {
  killed = await run({ onStart: signalAt("[6/10] index", "SIGKILL") })
  first = await run()
}, 400_000)
afterAll(() => rmSync(home, { recursive: true, force: true }))

const july = (finished: Finished) =>
  JSON.parse(finished.stdout).labs.find(({ month }: { month: string }) => month === "2026-07")
const statuses = (finished: Finished): string[] =>
  july(finished).steps.map(({ id, status }: { id: string; status: string }) => `${id} ${status}`)

describe("roadmap run jul", () => {
  test("goes on where it was killed in mid index, and finishes with every step", () => {
    expect(killed.signal).toBe("SIGKILL")
    expect(first.stderr).not.toMatch(/✖/)
    expect(first.code).toBe(0)
    expect(statuses(first)).toEqual([
      "neural skipped",
      "describe skipped",
      "read skipped",
      "tokens skipped",
      "chunk skipped",
      "index done",
      "ablate done",
      "answer done",
      "deploy done",
      "report done",
    ])
  })

  test("runs nothing again the second time", async () => {
    const second = await run()
    expect(statuses(second).every(status => status.endsWith(" skipped"))).toBe(true)
    expect(july(second).metrics).toEqual(july(first).metrics)
  }, 60_000)

  test("counts the documentation of the packages, which no edit of this repository changes", () => {
    const { metrics } = july(first)
    for (const source of ["fastify", "undici", "pino"]) {
      expect(metrics[`corpus/${source}/documents/all`], source).toBeGreaterThan(10)
      expect(metrics[`tokens/${source}/estimated/all`], source).toBeGreaterThan(10_000)
    }
    expect(Object.keys(metrics).filter(name => /^(corpus|tokens)\/(roadmap|models)/.test(name))).toEqual([])
    expect(metrics["corpus/all/skipped/all"]).toBe(0)
  })

  test("cuts fewer code blocks by structure than by size", () => {
    const { metrics } = july(first)
    const torn = (chunker: string): number => metrics[`chunks/${chunker}/code_blocks_cut/all`]
    expect(torn("markdown")).toBeLessThan(torn("recursive"))
    expect(torn("recursive")).toBeLessThan(torn("fixed"))
  })

  test("indexes again without touching anything", () => {
    const { metrics } = july(first)
    expect(metrics["index/packages/passages/all"]).toBeGreaterThan(1_000)
    expect(metrics["index/again/changed/all"]).toBe(0)
    expect(metrics["index/again/embedded/all"]).toBe(0)
  })

  test("finds the right passage for most questions by words alone, and cites nothing that does not exist", () => {
    const { metrics } = july(first)
    expect(metrics["answers/all/questions/test"]).toBeGreaterThan(75)
    expect(metrics["retrieval/lexical/hit_5/test"]).toBeGreaterThan(0.65)
    expect(metrics["answers/extractive/citations_exist/test"]).toBe(1)
  })

  test("answers over HTTP as in process, streamed, whole and together", () => {
    const { metrics } = july(first)
    expect(metrics["service/ask/requests/all"]).toBeGreaterThan(20)
    for (const way of ["stream", "whole", "together"])
      expect(metrics[`service/${way}/different/all`], way).toBe(0)
  })
})

describe("what the run leaves", () => {
  test("an index that knows the models of the months before", async () => {
    const config = loadConfig({ ROADMAP_HOME: home })
    await using project = await openProjectAssistant(config, {
      neural: "never",
      chatModel: "never",
      refresh: false,
    })
    const { bySource } = await project.index.stats()
    expect(Object.keys(bySource).sort()).toEqual(["fastify", "models", "pino", "roadmap", "undici"])
    // Two models with a version at least and an overview each, three evaluations, April's scores.
    expect(bySource.models.documents).toBeGreaterThanOrEqual(8)
    const card = await project.index.document("models/flight-late/1")
    expect(card?.text).toMatch(/^# Model card: flight-late/)
    const found = await project.retriever.retrieve(
      "Which version does the alias champion of flight-late mean?",
      {
        k: 5,
      },
    )
    expect(found.map(({ chunk }) => chunk.documentId)).toContain("models/flight-late")
    expect(project.notes.join(" ")).not.toMatch(/no month has been run/)
  })

  test("a page that needs no network", () => {
    const page = readFileSync(join(home, "reports", "2026-07", "index.html"), "utf8")
    for (const heading of [
      "What there is to ask",
      "What is torn",
      "The index, twice",
      "What each part is worth",
      "Answered, or declined",
      "Behind an address",
    ])
      expect(page).toContain(heading)
    expect(page).toContain("By words alone")
    expect(page).not.toMatch(/<script|https?:\/\/(?!www\.w3\.org)/)
    expect(page).not.toMatch(/NaN|undefined|\[object/)
  })
})

describePage("the report", join(home, "reports", "2026-07", "index.html"))
