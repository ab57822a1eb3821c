import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { expect, test } from "vitest"
import { recursiveChunker } from "../../src/chunk/recursive.ts"
import { loadUpload } from "../../src/load/upload.ts"
import { pdfOf } from "./made-files.ts"

test("a PDF gives its text, its title and the number of its pages", async () => {
  const bytes = pdfOf([["The first page", "has two lines."], ["The second page."]], "A paper")
  const { documents } = await loadUpload({ name: "paper.pdf", bytes })
  expect(documents[0]).toMatchObject({
    title: "A paper",
    format: "pdf",
    text: "The first page\nhas two lines.\n\nThe second page.",
    metadata: { pages: 2 },
  })
})

test("a chunk of a PDF says on which page it begins", async () => {
  const bytes = pdfOf([["Alpha words here."], ["Beta words here."], ["Gamma words here."]])
  const { documents } = await loadUpload({ name: "paper.pdf", bytes })
  const chunks = recursiveChunker({ size: 20 }).chunk(documents[0])
  expect(chunks.map(each => [each.text, each.metadata])).toEqual([
    ["Alpha words here.", { pages: 3, page: 1 }],
    ["Beta words here.", { pages: 3, page: 2 }],
    ["Gamma words here.", { pages: 3, page: 3 }],
  ])
})

test("an encrypted PDF is refused, and told apart from a broken one", async () => {
  const bytes = await readFile(join(import.meta.dirname, "../../goldens/encrypted.pdf"))
  await expect(loadUpload({ name: "secret.pdf", bytes })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining("secret.pdf is encrypted"),
    hint: expect.stringContaining("without a password"),
  })
  const broken = new TextEncoder().encode("%PDF-1.7\ngarbage")
  await expect(loadUpload({ name: "b.pdf", bytes: broken })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    message: expect.stringContaining("cannot be read as PDF"),
  })
})

test("a PDF without text and one with too many pages are refused", async () => {
  await expect(loadUpload({ name: "scan.pdf", bytes: pdfOf([[], []]) })).rejects.toMatchObject({
    code: "INVALID_INPUT",
    hint: expect.stringContaining("text layer"),
  })
  const bytes = pdfOf([["a"], ["b"], ["c"]])
  await expect(loadUpload({ name: "long.pdf", bytes }, { limits: { pages: 2 } })).rejects.toMatchObject({
    code: "LIMIT_EXCEEDED",
  })
})
