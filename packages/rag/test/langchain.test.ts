import { join } from "node:path"
import { expect, test } from "vitest"
import { loadLangChain, loadLangChainOpenAi } from "../src/langchain/load.ts"
import { toPassage } from "../src/langchain/retriever.ts"
import { memoryShelf } from "../src/langchain/vector-store.ts"

// The adapters themselves run in tests/services/langchain.services.test.ts, which installs the part.

test("without its part LangChain is refused with the command that installs it", () => {
  const nowhere = join(import.meta.dirname, "nowhere")
  const refusal = expect.objectContaining({
    code: "PART_MISSING",
    hint: "Install it: npx -y pnpm@12 roadmap setup langchain",
  })
  expect(() => loadLangChain(nowhere)).toThrow(refusal)
  expect(() => loadLangChainOpenAi(nowhere)).toThrow(refusal)
})

test("a Document from elsewhere is no passage of an index", () => {
  expect(toPassage({ pageContent: "text", metadata: { source: "web" } })).toBeUndefined()
})

test("a shelf in memory gives what was put on it, and forgets what was removed", async () => {
  const shelf = memoryShelf()
  const document = { pageContent: "text", metadata: {} }
  await shelf.put(new Map([["a", document]]))
  expect(await shelf.get(["a", "b"])).toEqual(new Map([["a", document]]))
  await shelf.remove(["a"])
  expect(await shelf.get(["a"])).toEqual(new Map())
})
