import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { markdownChunker } from "../../src/chunk/markdown.ts"
import type { Document } from "../../src/document.ts"
import { folderSource, markdownFolder } from "../../src/load/folder.ts"
import type { Skipped, Source } from "../../src/load/source.ts"
import { websiteDump } from "../../src/load/website.ts"
import { pdfOf } from "./made-files.ts"

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "roadmap-load-"))
})
afterEach(() => rm(folder, { recursive: true }))

const put = async (path: string, content: string | Uint8Array) => {
  await mkdir(dirname(join(folder, path)), { recursive: true })
  await writeFile(join(folder, path), content)
}
const read = async (source: Source) => {
  const documents: Document[] = []
  const skipped: Skipped[] = []
  for await (const document of source.documents({ onSkipped: each => skipped.push(each) }))
    documents.push(document)
  return { documents, skipped, ids: documents.map(each => each.id) }
}

test("a folder gives a document a file, by the ending of its name, in the order of the paths", async () => {
  await put("guide/intro.md", "# Intro\n\nWords.")
  await put("a.txt", "Plain words.")
  await put("page.html", "<title>Page</title><p>Words of a page.")
  await put("paper.pdf", pdfOf([["First page."], ["Second page."]], "Paper"))
  await put("code.ts", "export {}")
  const { documents, ids, skipped } = await read(folderSource({ name: "docs", folder }))
  expect(ids).toEqual(["docs/a.txt", "docs/page.html", "docs/paper.pdf", "docs/guide/intro.md"])
  expect(documents.map(each => each.format)).toEqual(["text", "html", "pdf", "markdown"])
  expect(documents.map(each => each.title)).toEqual(["a", "Page", "Paper", "Intro"])
  expect(skipped).toEqual([])
})

test("patterns choose, and folders that none can reach are not entered", async () => {
  await put("docs/one.md", "One.")
  await put("docs/deep/two.md", "Two.")
  await put("other/three.md", "Three.")
  await put("node_modules/x/README.md", "Not ours.")
  await put(".git/notes.md", "Hidden.")
  expect((await read(markdownFolder({ name: "d", folder, include: ["docs/**/*.md"] }))).ids).toEqual([
    "d/docs/one.md",
    "d/docs/deep/two.md",
  ])
  expect((await read(markdownFolder({ name: "d", folder, include: ["*/three.md"] }))).ids).toEqual([
    "d/other/three.md",
  ])
  expect((await read(markdownFolder({ name: "d", folder, exclude: ["docs/**"] }))).ids).toEqual([
    "d/other/three.md",
  ])
})

test("a bad file is skipped with its reason and does not stop the others", async () => {
  await put("1-empty.md", "")
  await put("2-blank.md", " \n\t\n")
  await put(
    "3-binary.md",
    Uint8Array.from({ length: 400 }, (_, i) => i % 31),
  )
  await put("4-huge.md", "x".repeat(2_000))
  await put("5-broken.pdf", "%PDF-1.4 and nothing more")
  await put("6-good.md", "Good words.")
  const { ids, skipped } = await read(folderSource({ name: "d", folder, limits: { fileBytes: 1_000 } }))
  expect(ids).toEqual(["d/6-good.md"])
  expect(skipped.map(({ name, code }) => [name, code])).toEqual([
    ["1-empty.md", "FILE_EMPTY"],
    ["2-blank.md", "FILE_EMPTY"],
    ["3-binary.md", "INVALID_INPUT"],
    ["4-huge.md", "LIMIT_EXCEEDED"],
    ["5-broken.pdf", "INVALID_INPUT"],
  ])
  expect(skipped[3].reason).toContain("2,000 bytes; at most 1,000")
})

test("symbolic links are not followed, to files or to folders", async () => {
  await put("inside.md", "Inside.")
  await symlink("/etc/hostname", join(folder, "secret.md"))
  await symlink("/etc", join(folder, "etc"))
  const { ids, skipped } = await read(folderSource({ name: "d", folder }))
  expect(ids).toEqual(["d/inside.md"])
  expect(skipped).toMatchObject([{ name: "secret.md", code: "PATH_OUTSIDE" }])
})

test("a missing folder is an error that names it", async () => {
  await expect(read(folderSource({ name: "d", folder: join(folder, "gone") }))).rejects.toMatchObject({
    code: "FILE_MISSING",
    message: expect.stringContaining("gone"),
  })
})

test("the metadata of a file says which encoding it was in, when that was not UTF-8", async () => {
  await put("old.txt", Buffer.from("Café Müller", "latin1"))
  await put("new.txt", "Café Müller")
  const { documents } = await read(folderSource({ name: "d", folder, metadata: path => ({ path }) }))
  expect(documents.map(each => [each.text, each.metadata])).toEqual([
    ["Café Müller", { path: "new.txt" }],
    ["Café Müller", { path: "old.txt", encoding: "windows-1252" }],
  ])
})

test("front matter becomes title and metadata, and is no part of the text", async () => {
  await put(
    "a.md",
    "---\ntitle: Real title\ntags: [x, y]\nversion: 3\ndraft: false\nnested: { a: 1 }\n---\n# Heading\r\n\r\nBody.",
  )
  const { documents } = await read(markdownFolder({ name: "d", folder }))
  expect(documents[0]).toMatchObject({ title: "Real title", text: "# Heading\n\nBody." })
  expect(documents[0].metadata).toEqual({ tags: ["x", "y"], version: 3, draft: false })
})

test("two rules with text between them are no front matter", async () => {
  await put("a.md", "---\na: [not closed\n---\nBody.")
  await put("b.md", "---\njust a line\n---\nBody.")
  const { documents } = await read(markdownFolder({ name: "d", folder }))
  expect(documents.map(each => each.text)).toEqual([
    "---\na: [not closed\n---\nBody.",
    "---\njust a line\n---\nBody.",
  ])
})

test("a saved website's pages know their addresses", async () => {
  await put("index.html", "<title>Home</title><body><p>Welcome home.")
  await put("guide/index.html", "<title>Guide</title><body><p>The guide.")
  await put("guide/a b.html", "<title>A</title><body><p>Page A.")
  const { documents } = await read(websiteDump({ name: "site", folder, baseUrl: "https://example.org/docs" }))
  expect(documents.map(each => each.uri)).toEqual([
    "https://example.org/docs/",
    "https://example.org/docs/guide/a%20b.html",
    "https://example.org/docs/guide/",
  ])
})

test("front matter that is built to harm is text or passed over", async () => {
  const bomb = [
    "a: &a [x]",
    ...Array.from({ length: 20 }, (_, i) => `b${i}: [*a, *a, *a, *a, *a, *a, *a, *a]`),
  ].join("\n")
  await put("aliases.md", `---\n${bomb}\n---\nBody one.`)
  await put("deep.md", `---\na: ${"[".repeat(50_000)}\n---\nBody two.`)
  await put(
    "long.md",
    `---\ntitle: ${"t".repeat(5_000)}\nlong: ${"x".repeat(20_000)}\n__proto__: x\nok: 1\n---\nBody three.`,
  )
  const { documents, skipped } = await read(markdownFolder({ name: "d", folder }))
  expect(skipped).toEqual([])
  expect(documents.map(each => each.text.endsWith("."))).toEqual([true, true, true])
  expect(documents[2].title.length).toBe(300)
  expect(Object.keys(documents[2].metadata).sort()).toEqual(["__proto__", "ok"])
  expect(Object.getPrototypeOf(documents[2].metadata)).toBe(Object.prototype)
})

test("Markdown nested a hundred thousand deep is read", async () => {
  await put("deep.md", `${"> ".repeat(100_000)}x\n\n${"- ".repeat(100_000)}y`)
  const { documents } = await read(markdownFolder({ name: "d", folder }))
  expect(markdownChunker().chunk(documents[0]).at(-1)!.text.endsWith("y")).toBe(true)
})
