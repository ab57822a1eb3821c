import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, test } from "vitest"
import { watchFolder } from "../../src/ingest/watch-folder.ts"
import { markdownFolder } from "../../src/load/folder.ts"
import { openDocumentIndex } from "../../src/store/open.ts"
import { chunker } from "./content.ts"

test("a watched folder's changes are in the index, and touch the changed files alone", async () => {
  const home = await mkdtemp(join(tmpdir(), "roadmap-watch-"))
  const folder = join(home, "docs")
  await mkdir(folder)
  await writeFile(join(folder, "a.md"), "All about the proxy.")
  await writeFile(join(folder, "b.md"), "All about the logger.")
  try {
    await using index = await openDocumentIndex(join(home, "index"), { chunker })
    const stop = new AbortController()
    const receipts: unknown[] = []
    const source = markdownFolder({ name: "docs", folder })
    for await (const { added, changed, deleted, unchanged } of watchFolder(index, source, {
      folder,
      settleMs: 20,
      signal: stop.signal,
    })) {
      receipts.push({ added, changed, deleted, unchanged })
      if (receipts.length === 1) await writeFile(join(folder, "b.md"), "All about the schema.")
      else if (receipts.length === 2) {
        expect(index.lexical.search("schema", { k: 1 }).length).toBe(1)
        await rm(join(folder, "a.md"))
      } else stop.abort()
    }
    expect(receipts).toEqual([
      { added: 2, changed: 0, deleted: 0, unchanged: 0 },
      { added: 0, changed: 1, deleted: 0, unchanged: 1 },
      { added: 0, changed: 0, deleted: 1, unchanged: 1 },
    ])
    expect(index.lexical.search("proxy", { k: 1 })).toEqual([])
  } finally {
    await rm(home, { recursive: true })
  }
})
