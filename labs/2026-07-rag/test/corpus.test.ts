import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { loadConfig } from "@roadmap/core/config"
import type { Document } from "@roadmap/rag/document"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { codeBlocks, cutSpans, tables } from "../src/chunks/spans.ts"
import { corpusHash, readCorpus } from "../src/corpus/read.ts"
import { corpusNotes } from "../src/corpus.ts"

const home = mkdtempSync(join(tmpdir(), "roadmap-corpus-"))
const config = loadConfig({ ROADMAP_HOME: home })
afterAll(() => rmSync(home, { recursive: true, force: true }))

const outcome = (fields: object) =>
  JSON.stringify({
    month: "2026-02",
    status: "done",
    finishedAt: "2026-02-28T00:00:00Z",
    metrics: { "late/boosting/roc_auc/test": 0.743, "late/rest/p50_ms/load": 1.5 },
    measured: ["late/rest/p50_ms/load"],
    ...fields,
  })
const writeOutcome = (month: string, text: string): void => {
  mkdirSync(join(home, "labs", month), { recursive: true })
  writeFileSync(join(home, "labs", month, "outcome.json"), text)
}

describe("the corpus of a bare clone", () => {
  let documents: Document[]
  beforeAll(async () => {
    ;({ documents } = await readCorpus(config))
  })
  const ids = () => documents.map(({ id }) => id)

  test("has the documentation inside the packages, by the path inside the package", () => {
    expect(ids()).toEqual(
      expect.arrayContaining([
        "fastify/docs/Reference/Server.md",
        "undici/docs/docs/api/Client.md",
        "pino/docs/api.md",
      ]),
    )
  })

  test("has this repository's pages, and not those about the assistant itself", () => {
    expect(ids()).toEqual(
      expect.arrayContaining([
        "roadmap/README.md",
        "roadmap/labs/2026-02-foundations/notes.md",
        "roadmap/labs/2026-02-foundations/learnings.md",
        "roadmap/packages/core/README.md",
        "roadmap/docs/errors.md",
      ]),
    )
    expect(ids().filter(id => id.startsWith("roadmap/labs/2026-07"))).toEqual([])
  })

  test("has no models, and says which command makes them", async () => {
    expect(ids().filter(id => id.startsWith("models/"))).toEqual([])
    expect((await corpusNotes(config)).join(" ")).toContain("roadmap run apr")
  })

  test("names where a person finds a document: the version's page of a package, the path of a page of this repository", () => {
    const uriOf = (id: string) => documents.find(each => each.id === id)?.uri
    expect(uriOf("pino/docs/api.md")).toMatch(
      /^https:\/\/github\.com\/pinojs\/pino\/blob\/v\d+\.\d+\.\d+\/docs\/api\.md$/,
    )
    expect(uriOf("roadmap/docs/errors.md")).toBe("docs/errors.md")
  })

  test("has no id twice, and the same hash each time", async () => {
    expect(new Set(ids()).size).toBe(documents.length)
    expect(corpusHash((await readCorpus(config)).documents)).toBe(corpusHash(documents))
  })
})

describe("what the months before made", () => {
  test("joins by itself, without what only measures the machine", async () => {
    writeOutcome("2026-02", outcome({}))
    const { documents } = await readCorpus(config)
    const found = documents.find(({ id }) => id === "models/evaluations/2026-02")
    expect(found?.text).toContain("| boosting | roc_auc | test | 0.743 |")
    expect(found?.text).not.toContain("p50_ms")
    expect(await corpusNotes(config)).toEqual([])
  })

  test("is left out, with the reason, where another version recorded it or the file is damaged", async () => {
    writeOutcome("2026-02", outcome({ measured: undefined }))
    writeOutcome("2026-03", "{ not JSON")
    const { documents, skipped } = await readCorpus(config)
    expect(documents.filter(({ source }) => source === "models")).toEqual([])
    expect(documents.length).toBeGreaterThan(100)
    expect(skipped.map(({ name, code }) => `${name} ${code}`)).toEqual([
      "evaluations/2026-02 STATE_VERSION",
      "evaluations/2026-03 STATE_CORRUPT",
    ])
  })

  test("counts only when its run was finished", async () => {
    rmSync(join(home, "labs"), { recursive: true })
    writeOutcome("2026-02", outcome({ status: "failed" }))
    const { documents, skipped } = await readCorpus(config)
    expect(documents.filter(({ source }) => source === "models")).toEqual([])
    expect(skipped).toEqual([])
  })
})

describe("code blocks and tables of a text", () => {
  const spansOf = (text: string, spans: { start: number; end: number }[]) =>
    spans.map(({ start, end }) => text.slice(start, end))

  test("a block goes from its fence to the next that is as long, also inside a list", () => {
    const text = "- see\n  ````md\n  ```js\n  a\n  ```\n  ````\n\n```\nb\nc\n```\n"
    expect(spansOf(text, codeBlocks(text))).toEqual(["````md\n  ```js\n  a\n  ```\n  ````", "```\nb\nc\n```"])
  })

  test("a single line in fences is not worth counting, and a block that is never closed has no end", () => {
    expect(codeBlocks("```sh\nnpm i\n```\n\n```js\nlet a\nlet b")).toEqual([])
  })

  test("a table has a rule below its head; one inside a code block is code", () => {
    const table = "| a | b |\n| - | - |\n| 1 | 2 |"
    const text = `${table}\n\n\`\`\`md\n${table}\n\`\`\`\n\n| no | table |\n`
    expect(spansOf(text, tables(text))).toEqual([table])
  })

  test("what no piece holds as a whole is torn", () => {
    const spans = [
      { start: 0, end: 10 },
      { start: 20, end: 30 },
    ]
    const pieces = [
      { start: 0, end: 15 },
      { start: 15, end: 25 },
      { start: 25, end: 40 },
    ]
    expect(cutSpans(spans, pieces)).toBe(1)
  })
})
