import { expect, test } from "vitest"
import { createCitations } from "../../src/answers/citations.ts"
import { pages, serverPage } from "./documents.ts"
import { markdown, memoryIndex } from "./memory-index.ts"

const setup = () => {
  const index = memoryIndex(pages)
  const chunk = index.all.find(({ text }) => text.includes("The largest body"))!
  const start = chunk.text.indexOf("The largest body")
  return { index, span: { chunk, start, end: start + "The largest body".length } }
}

test("a citation quotes its document at its place", async () => {
  const { index, span } = setup()
  const citations = createCitations(index)
  const { citation } = (await citations.cite(span))!
  expect(citation).toMatchObject({ marker: 1, documentId: "shop/server.md", quote: "The largest body" })
  expect(serverPage.text.slice(citation.start, citation.end)).toBe(citation.quote)
})

test("a span cited again keeps its number, another gets the next", async () => {
  const { index, span } = setup()
  const citations = createCitations(index)
  await citations.cite(span)
  expect(await citations.cite({ ...span })).toMatchObject({ isNew: false, citation: { marker: 1 } })
  expect(await citations.cite({ ...span, end: span.end + 1 })).toMatchObject({
    isNew: true,
    citation: { marker: 2 },
  })
})

test("a quote that its document no longer holds at this place is dropped and counted", async () => {
  const { index, span } = setup()
  index.replace(markdown("shop/server.md", `New words before all.\n\n${serverPage.text}`))
  const citations = createCitations(index)
  expect(await citations.cite(span)).toBeUndefined()
  expect(citations).toMatchObject({ all: [], dropped: 1 })
})

test("a span of a document that is gone, and an empty one, are dropped", async () => {
  const { index, span } = setup()
  const citations = createCitations({ document: async () => undefined })
  expect(await citations.cite(span)).toBeUndefined()
  const empty = createCitations(index)
  expect(await empty.cite({ ...span, end: span.start })).toBeUndefined()
  expect([citations.dropped, empty.dropped]).toEqual([1, 1])
})
