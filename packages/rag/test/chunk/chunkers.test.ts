import fc from "fast-check"
import { expect, test } from "vitest"
import type { Chunker } from "../../src/chunk/chunker.ts"
import { markdownChunker } from "../../src/chunk/markdown.ts"
import { parentChildChunker, parentIds } from "../../src/chunk/parent-child.ts"
import { recursiveChunker } from "../../src/chunk/recursive.ts"
import { sentenceChunker, sentences } from "../../src/chunk/sentences.ts"
import type { Document } from "../../src/document.ts"
import { createDocument } from "../../src/load/document.ts"

/** UTF-16 units of all kinds: control characters, lone surrogates, letters of many scripts. */
const anyText = (maxLength: number) =>
  fc.string({
    unit: fc
      .oneof(fc.integer({ min: 0, max: 0x2ff }), fc.integer({ min: 0, max: 0xffff }))
      .map(code => String.fromCharCode(code)),
    maxLength,
  })

const documentOf = (text: string, format: Document["format"] = "markdown"): Document =>
  createDocument({ id: "s/d.md", source: "s", uri: "s/d.md", title: "Title", format, text })

const words = { name: "words", of: (text: string) => text.split(/\s+/).filter(Boolean).length }

const chunkers: Chunker[] = [
  markdownChunker({ size: 60 }),
  markdownChunker({ size: 12, measure: words, context: false }),
  recursiveChunker({ size: 40 }),
  recursiveChunker({ size: 40, overlap: 15 }),
  sentenceChunker({ size: 50 }),
  parentChildChunker({ parent: markdownChunker({ size: 120 }), child: sentenceChunker({ size: 40 }) }),
]

/** Markdown as hostile as a few building blocks make it. */
const markdown = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ..."# One|## Two|### Three|```js|```|~~~|    code|- item|- [ ] task|1. first|> quote|| a | b ||| --- | --- ||| 1 | 2 ||---|<h2>Html</h2>|<div>|</div>|<!--|-->|[a](b)|a_b|Setext\n===|\t|🌍🌍🌍|漢字かな。次の文。|e.g. this. That!|\u00a0"
          .split("|")
          .map(part => part.replaceAll("‖", "|")),
        "| a | b |\n| --- | --- |\n| 1 | 2 |\n| 3 | 4 |\n| 5 | 6 |",
        "",
      ),
      fc.lorem({ maxCount: 12 }),
      anyText(30),
    ),
    { maxLength: 25 },
  )
  .map(lines => `x\n${lines.join("\n")}`)

test("the text of every chunk is the document's text at its span, and none is empty or has blank edges", () => {
  fc.assert(
    fc.property(markdown, fc.constantFrom(...chunkers), (text, chunker) => {
      const document = documentOf(text)
      for (const chunk of chunker.chunk(document)) {
        expect(document.text.slice(chunk.start, chunk.end)).toBe(chunk.text)
        expect(chunk.text).toMatch(/^\S(?:[\s\S]*\S)?$/)
        expect(chunk.text.isWellFormed()).toBe(true)
      }
    }),
    { numRuns: 500 },
  )
})

test("every letter and digit of the document is in a chunk, in order, and in one alone when nothing overlaps", () => {
  const plain = chunkers.filter(each => !/overlap=[1-9]|parent-child/.test(each.id))
  fc.assert(
    fc.property(markdown, fc.constantFrom(...plain), (text, chunker) => {
      const document = documentOf(text)
      const chunks = chunker.chunk(document)
      chunks.slice(1).forEach((chunk, i) => {
        expect(chunk.start).toBeGreaterThanOrEqual(chunks[i].end)
      })
      const letters = (of: string) => of.replace(/[^\p{L}\p{N}]/gu, "")
      expect(letters(chunks.map(each => each.text).join(""))).toBe(letters(document.text))
    }),
    { numRuns: 500 },
  )
})

test("no chunk is longer than the size, whatever the measure", () => {
  fc.assert(
    fc.property(markdown, fc.constantFrom(...chunkers.slice(0, 5)), (text, chunker) => {
      const size = Number(/size=(\d+)/.exec(chunker.id)![1])
      const of = chunker.id.includes("measure=words") ? words.of : (each: string) => each.length
      for (const chunk of chunker.chunk(documentOf(text))) expect(of(chunk.text)).toBeLessThanOrEqual(size)
    }),
    { numRuns: 500 },
  )
})

test("ids are the same for the same document and differ within it", () => {
  fc.assert(
    fc.property(markdown, fc.constantFrom(...chunkers), (text, chunker) => {
      const ids = chunker.chunk(documentOf(text)).map(each => each.id)
      expect(chunker.chunk(documentOf(text)).map(each => each.id)).toEqual(ids)
      expect(new Set(ids).size).toBe(ids.length)
      for (const id of ids) expect(id).toMatch(/^[0-9a-fp][0-9a-f]{31}$/)
    }),
  )
})

test("a chunk knows its headings; its context is title and headings without repetition", () => {
  const text = `# Title\n\nIntro ${"word ".repeat(12)}\n\n## Options\n\n### \`trustProxy\` [link](x)\n\n${"Trust it. ".repeat(6)}\n\n## Other\n\n${"Else. ".repeat(10)}`
  const chunks = markdownChunker({ size: 110 }).chunk(documentOf(text))
  expect(chunks.map(each => [each.headings, each.context])).toEqual([
    [["Title"], "Title"],
    [["Title", "Options", "trustProxy link"], "Title > Options > trustProxy link"],
    [["Title", "Other"], "Title > Other"],
  ])
  expect(markdownChunker({ size: 100, context: false }).chunk(documentOf(text))[1].context).toBe("")
})

test("a code block stays whole when it fits, and is cut at line ends when it does not", () => {
  const code = "```js\nconst one = 1\nconst two = 2\n\nconst three = 3\n```"
  const text = `${"Some words here. ".repeat(4)}\n\n${code}\n\nAfter.`
  const whole = markdownChunker({ size: 80 }).chunk(documentOf(text))
  expect(whole.map(each => each.text)).toContainEqual(expect.stringContaining(code))
  const cut = markdownChunker({ size: 30 }).chunk(documentOf(code))
  for (const chunk of cut)
    expect(chunk.text.split("\n").every(line => code.split("\n").includes(line))).toBe(true)
})

test("a heading inside of a code block is no heading", () => {
  const [chunk] = markdownChunker().chunk(documentOf("# Real\n\n```sh\n# not a heading\nls\n```"))
  expect(chunk.headings).toEqual(["Real"])
})

test("a table is cut between rows, and every further part has the header in its context", () => {
  const rows = Array.from({ length: 12 }, (_, i) => `| row ${i} | value ${i} |`)
  const text = ["| name | value |", "| --- | --- |", ...rows].join("\n")
  const chunks = markdownChunker({ size: 110 }).chunk(documentOf(text))
  expect(chunks.length).toBeGreaterThan(2)
  for (const chunk of chunks) for (const line of chunk.text.split("\n")) expect(line).toMatch(/^\|.*\|$/)
  for (const chunk of chunks.slice(1)) expect(chunk.context).toBe("Title\n| name | value |")
})

test("short sections join the next one under the headings that they share", () => {
  const text = "# A\n\n## One\n\nx.\n\n## Two\n\ny.\n\n# B\n\nz."
  const chunks = markdownChunker({ size: 200 }).chunk(documentOf(text))
  expect(chunks.map(each => [each.headings, each.text])).toEqual([
    [["A"], "# A\n\n## One\n\nx.\n\n## Two\n\ny."],
    [["B"], "# B\n\nz."],
  ])
})

test("sentences end where they end, not at abbreviations, versions or names of files", () => {
  const text = 'Use v5.12.8, e.g. from Node.js. See server.ts! "Really?" Yes (it is). J. Smith wrote it.'
  expect(sentences(text).map(({ start, end }) => text.slice(start, end))).toEqual([
    "Use v5.12.8, e.g. from Node.js.",
    "See server.ts!",
    '"Really?"',
    "Yes (it is).",
    "J. Smith wrote it.",
  ])
})

test("overlap repeats whole words of the chunk before", () => {
  const text = Array.from({ length: 40 }, (_, i) => `word${i}`).join(" ")
  const chunks = recursiveChunker({ size: 80, overlap: 20 }).chunk(documentOf(text))
  chunks.slice(1).forEach((chunk, i) => {
    const shared = chunks[i].end - chunk.start
    expect(shared).toBeGreaterThan(0)
    expect(shared).toBeLessThanOrEqual(20)
    expect(chunk.text).toMatch(/^word\d+ /)
  })
})

test("every child names the parent that holds its first character", () => {
  const chunker = parentChildChunker({
    parent: markdownChunker({ size: 300 }),
    child: sentenceChunker({ size: 40 }),
  })
  const chunks = chunker.chunk(
    documentOf("# A\n\nOne sentence here. Another sentence there.\n\n# B\n\nA third one. And a fourth."),
  )
  const byId = new Map(chunks.map(each => [each.id, each]))
  const children = chunks.filter(each => each.parentId)
  expect(children.length).toBeGreaterThan(2)
  for (const child of children) {
    const parent = byId.get(child.parentId!)!
    expect(parent.start).toBeLessThanOrEqual(child.start)
    expect(parent.end).toBeGreaterThan(child.start)
  }
  expect(parentIds(chunks).size).toBe(2)
})

test("a line of a million characters without a space is cut", () => {
  const chunks = markdownChunker().chunk(documentOf("x".repeat(1_000_000)))
  expect(chunks.length).toBe(Math.ceil(1_000_000 / 1_200))
})

test("very many characters of one mark, of spaces or of line ends are cut", () => {
  for (const unit of [
    "<",
    "*",
    "[",
    "`",
    ". ",
    "\n",
    " ",
    "> ",
    "- ",
    "| ",
    "](",
    "# ",
    "<!--",
    "a\n\n",
    "\n\n- a\n\n> b",
  ]) {
    const document = documentOf(`# x\n\nx${unit.repeat(70_000)}x`)
    const chunks = markdownChunker().chunk(document)
    for (const chunk of chunks) expect(chunk.text.length).toBeLessThanOrEqual(1_200)
  }
})
