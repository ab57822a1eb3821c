import { spawn } from "node:child_process"
import { once } from "node:events"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { installPart, partOf, repositoryRoot } from "../../packages/core/src/parts.ts"
import { miniLmEmbedder } from "../../packages/llm/src/adapters/minilm/embedder.ts"
import { openPool } from "../../packages/llm/src/adapters/minilm/pool.ts"
import type { Embedder } from "../../packages/llm/src/embedder.ts"
import { needModel } from "../../packages/llm/src/neural/place.ts"
import { measureRawRate } from "../../packages/llm/src/neural/raw-rate.ts"
import { setupNeural } from "../../packages/llm/src/neural/setup.ts"
import { openEmbedder } from "../../packages/llm/src/open.ts"
import { embedderStatus } from "../../packages/llm/src/status.ts"
import { countTokens, estimateTokens } from "../../packages/llm/src/tokens.ts"
import { describeEmbedder } from "../../packages/llm/testing/contract.ts"

interface Golden {
  text: string
  ids: number[]
  vector: number[]
}

const goldens: Golden[] = JSON.parse(
  readFileSync(join(repositoryRoot, "packages", "llm", "goldens", "minilm.json"), "utf8"),
)
const say = (line: string) => console.error(line)

beforeAll(async () => {
  await setupNeural({ say })
  await installPart(repositoryRoot, await partOf(repositoryRoot, "tokens"), { say })
})

describeEmbedder("MiniLM in onnxruntime", async () => (await openEmbedder({}))!)

describe("MiniLM", () => {
  let embedder: Embedder
  beforeAll(() => {
    embedder = miniLmEmbedder({ threads: 2 })
  })
  afterAll(() => embedder[Symbol.asyncDispose]())

  test("is what the embedder port resolves to when nothing else is configured", () => {
    expect(embedderStatus({})).toMatchObject({ adapter: "minilm", id: embedder.id, ready: true })
    expect(embedder.id).toMatch(/^all-MiniLM-L6-v2-(int8|float32)@[0-9a-f]{12}$/)
  })

  test("reads texts as the reference tokenizer does", async () => {
    const pool = openPool({ root: repositoryRoot, ...needModel() }, 1)
    const [answer] = await pool.run([{ kind: "tokens", texts: goldens.map(({ text }) => text) }])
    await pool.close()
    if (!("tokens" in answer)) throw new Error("no tokens")
    for (const [i, { ids, text }] of goldens.entries())
      expect([...answer.tokens[i]], text.slice(0, 40)).toEqual(ids)
  })

  test("gives the vectors of the published weights in float64: to 0.999 for texts, 0.995 for next to nothing", async () => {
    const vectors = await embedder.embed(goldens.map(({ text }) => text))
    const cosines = goldens.map(({ vector }, i) =>
      vector.reduce((sum, value, at) => sum + value * vectors[i][at], 0),
    )
    const texts = cosines.filter((_, i) => goldens[i].ids.length > 3)
    console.log(`smallest cosine with the reference: ${Math.min(...texts).toFixed(5)}`)
    expect(Math.min(...texts)).toBeGreaterThan(0.999)
    expect(Math.min(...cosines)).toBeGreaterThan(0.995)
  })

  test("answers a question while a whole index is embedded, and leaves the caller's thread free", async () => {
    const many = Array.from({ length: 300 }, (_, i) =>
      `chapter ${i} of a long book about airports `.repeat(12),
    )
    const events: string[] = []
    const index = embedder.embed(many).then(() => events.push("index"))
    await embedder.embed(["a question"]).then(() => events.push("question"))
    let turns = 0
    const timer = setInterval(() => turns++, 1)
    await index
    clearInterval(timer)
    expect(events).toEqual(["question", "index"])
    expect(turns).toBeGreaterThan(50)
  })

  test("closed in mid work ends the work and the threads", async () => {
    const other = miniLmEmbedder({ threads: 1 })
    const work = other.embed(Array.from({ length: 200 }, (_, i) => `text ${i} `.repeat(60)))
    const ended = expect(work).rejects.toMatchObject({ code: "INTERRUPTED" })
    await other[Symbol.asyncDispose]()
    await ended
    await expect(other.embed(["late"])).rejects.toMatchObject({ code: "INVALID_INPUT" })
  })

  test.each([0, 300, 600, 900, 1200])(
    "a process that ends %i ms into the work ends with its own exit code",
    async ms => {
      const script = join(import.meta.dirname, "neural", "exit-in-mid-work.ts")
      const child = spawn(process.execPath, [script, String(ms)], { stdio: ["ignore", "ignore", "pipe"] })
      let said = ""
      child.stderr.on("data", text => {
        said += text
      })
      const [code] = await once(child, "close")
      expect({ code, said }).toEqual({ code: 7, said: "" })
    },
  )

  test("measures the model alone", async () => {
    const texts = goldens.map(({ text }) => text)
    const rate = await measureRawRate(texts, { threads: 1 })
    expect(rate.texts).toBe(texts.length)
    expect(rate.tokens).toBe(goldens.reduce((sum, { ids }) => sum + ids.length, 0))
    expect(rate.tokensPerSecond).toBeGreaterThan(0)
  })
})

describe("exact token counts", () => {
  const odd = "fastify({ trustProxy: true }).listen({ port: 3000 })\n\n\tÜbergrößenträger naïve 👩🏽‍✈️"
  // Counted by OpenAI's tiktoken 0.14.0 with the same tables.
  test.each([
    ["openai/gpt-4o", "Hello, world! <|endoftext|> 今天", 12],
    ["openai/gpt-4o", odd, 32],
    ["openai/gpt-4o", "", 0],
    ["openai/gpt-3.5-turbo", "Hello, world! <|endoftext|> 今天", 13],
    ["openai/gpt-3.5-turbo", odd, 37],
  ])("of %s for %j", (model, text, tokens) => {
    expect(countTokens(text, model)).toEqual({ tokens, exact: true })
  })

  test("are what estimates are near to, on Markdown of this repository", () => {
    const pieces = ["README.md", "CONTRIBUTING.md", "docs/errors.md", "docs/authoring.md"].flatMap(
      name => readFileSync(join(repositoryRoot, name), "utf8").match(/[\s\S]{1,1500}/g) ?? [],
    )
    const ratios = pieces
      .filter(piece => piece.length > 1_000)
      .map(piece => estimateTokens(piece) / countTokens(piece, "openai/gpt-4o").tokens)
      .sort((a, b) => a - b)
    expect(ratios.length).toBeGreaterThan(10)
    expect(ratios[Math.floor(ratios.length / 2)]).toBeGreaterThan(0.9)
    expect(ratios[Math.floor(ratios.length / 2)]).toBeLessThan(1.1)
  })
})
