import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { openProjectAssistant, type ProjectAssistant } from "../../labs/2026-07-rag/src/assistant.ts"
import { loadConfig } from "../../packages/core/src/config.ts"
import { installPart, partOf, repositoryRoot } from "../../packages/core/src/parts.ts"
import { loadQuestions } from "../../packages/evals/src/question-set.ts"
import type { ChatModel } from "../../packages/llm/src/chat-model.ts"
import { openChatModel } from "../../packages/llm/src/open.ts"
import { hashingEmbedder } from "../../packages/llm/testing/hashing-embedder.ts"
import { scriptedChatModel } from "../../packages/llm/testing/scripted-chat-model.ts"
import type { Answer } from "../../packages/rag/src/answer.ts"
import { collectAnswer, createAssistant } from "../../packages/rag/src/answers/assistant.ts"
import { julyChain } from "../../packages/rag/src/langchain/chain.ts"
import { langchainChatModel, toLangchainMessages } from "../../packages/rag/src/langchain/chat-model.ts"
import { langchainEmbeddings } from "../../packages/rag/src/langchain/embeddings.ts"
import { type LangChain, loadLangChain, loadLangChainOpenAi } from "../../packages/rag/src/langchain/load.ts"
import { langchainRetriever } from "../../packages/rag/src/langchain/retriever.ts"
import {
  indexShelf,
  langchainVectorStore,
  memoryShelf,
} from "../../packages/rag/src/langchain/vector-store.ts"
import { openEmbeddedStore } from "../../packages/rag/src/vector-store/adapters/embedded/store.ts"
import { startService, stopService } from "../../packages/services/src/service.ts"

const home = mkdtempSync(join(tmpdir(), "roadmap-langchain-"))
const questionFile = join(repositoryRoot, "labs", "2026-07-rag", "evaluation", "questions.jsonl")
let core: LangChain
let project: ProjectAssistant
beforeAll(async () => {
  await installPart(repositoryRoot, await partOf(repositoryRoot, "langchain"), {
    say: line => console.error(line),
  })
  core = loadLangChain()
  project = await openProjectAssistant(loadConfig({ ROADMAP_HOME: home }), { neural: "never" })
})
afterAll(async () => {
  await project?.[Symbol.asyncDispose]()
  rmSync(home, { recursive: true, force: true })
})

/** What an answer is, without its times. */
const contentOf = ({ status, reason, text, citations, confidence, answeredBy }: Answer) => ({
  status,
  reason,
  text,
  citations,
  confidence,
  answeredBy,
})

describe("the July chain in LangChain", () => {
  test("gives the same answers as the platform's own, on forty questions of the tuning half", async () => {
    const all = await loadQuestions(questionFile)
    const questions = [
      ...all.filter(({ gold }) => gold.length > 0).slice(0, 30),
      ...all.filter(({ gold }) => gold.length === 0).slice(0, 10),
    ]
    const chain = julyChain(core, {
      index: project.index,
      retriever: langchainRetriever(core, project.retriever),
    })
    const statuses = new Set<string>()
    for (const { question } of questions) {
      const [composed, own] = await Promise.all([
        chain.invoke(question),
        collectAnswer(project.assistant.ask(question)),
      ])
      expect(contentOf(composed), question).toEqual(contentOf(own))
      statuses.add(own.status)
    }
    expect(questions.length).toBe(40)
    expect(statuses).toEqual(new Set(["answered", "declined"]))
  })

  test("gives the same answer with a chat model between prompt and parser", async () => {
    const says =
      "By enabling the `trustProxy` option, Fastify will know that it is sitting behind a proxy [3]. It also makes coffee."
    const own = scriptedChatModel([says])
    const composed = scriptedChatModel([says])
    const { index, retriever } = project
    const chain = julyChain(core, {
      index,
      retriever: langchainRetriever(core, retriever),
      chatModel: {
        ...composed,
        model: langchainChatModel(core, composed, { temperature: 0, maxTokens: 400 }),
      },
    })
    const question = "How do I make fastify trust a proxy?"
    const answer = await collectAnswer(createAssistant({ index, retriever, chatModel: own }).ask(question))
    expect(contentOf(await chain.invoke(question))).toEqual(contentOf(answer))
    expect(answer.text).toContain("sitting behind a proxy")
    expect(answer.text).not.toContain("coffee")
    expect(composed.requests.map(({ messages }) => messages)).toEqual(
      own.requests.map(({ messages }) => messages),
    )
  })
})

describe("the adapters", () => {
  test("a retriever gives the passages as Documents, in their order, with their places and scores", async () => {
    const own = await project.retriever.retrieve("How do I redact secrets?", { k: 4 })
    const documents = await langchainRetriever(core, project.retriever, { k: 4 }).invoke(
      "How do I redact secrets?",
    )
    expect(documents.map(({ id, pageContent }) => [id, pageContent])).toEqual(
      own.map(({ chunk }) => [chunk.id, chunk.text]),
    )
    expect(documents.map(({ metadata }) => metadata.scores)).toEqual(own.map(({ scores }) => scores))
    expect(documents[0]).toBeInstanceOf(core.Document)
  })

  test("embeddings are the embedder's vectors", async () => {
    const embedder = hashingEmbedder()
    const embeddings = langchainEmbeddings(core, embedder)
    const [vector] = await embedder.embed(["a proxy"])
    expect(await embeddings.embedQuery("a proxy")).toEqual([...vector])
    expect(await embeddings.embedDocuments(["a proxy", "bread"])).toHaveLength(2)
  })

  test("a vector store adds, finds with cosine and filter, and deletes", async () => {
    const embedder = hashingEmbedder()
    await using store = await openEmbeddedStore({
      folder: join(home, "vectors"),
      dimensions: embedder.dimensions,
    })
    const vectors = langchainVectorStore(core, {
      store,
      embeddings: langchainEmbeddings(core, embedder),
      shelf: memoryShelf(),
    })
    const ids = await vectors.addDocuments([
      new core.Document({ pageContent: "trust a proxy", metadata: { source: "server" } }),
      new core.Document({ pageContent: "bake bread", metadata: { source: "kitchen" } }),
    ])
    const [[best, score], [, lower]] = await vectors.similaritySearchWithScore("trust a proxy", 2)
    expect(best.pageContent).toBe("trust a proxy")
    expect(score).toBeCloseTo(1, 4)
    expect(lower).toBeLessThan(score)
    const filtered = await vectors.similaritySearch("trust a proxy", 2, { source: "kitchen" })
    expect(filtered.map(({ pageContent }) => pageContent)).toEqual(["bake bread"])
    await vectors.delete({ ids: [ids[0]] })
    expect(await vectors.similaritySearch("trust a proxy", 2)).toHaveLength(1)
  })

  test("the project's index is read and not written through LangChain", async () => {
    const shelf = indexShelf(project.index)
    const [{ chunk }] = await project.retriever.retrieve("proxy", { k: 1 })
    expect((await shelf.get([chunk.id])).get(chunk.id)?.pageContent).toBe(chunk.text)
    await expect(shelf.put(new Map())).rejects.toMatchObject({ code: "IMMUTABLE" })
  })

  test("a chat model is called and streamed, with its usage", async () => {
    const model = langchainChatModel(core, scriptedChatModel(["Yes it is.", "Yes it is."]))
    const messages = toLangchainMessages(core, [
      { role: "system", content: "Be short." },
      { role: "user", content: "Is it?" },
    ])
    const whole = await model.invoke(messages)
    expect(whole).toMatchObject({ content: "Yes it is.", response_metadata: { finish_reason: "stop" } })
    const pieces = await Array.fromAsync(await model.stream(messages))
    expect(pieces.map(({ content }) => content).join("")).toBe("Yes it is.")
    expect(pieces.length).toBeGreaterThan(1)
    const usages = pieces.flatMap(piece =>
      "usage_metadata" in piece && piece.usage_metadata ? [piece.usage_metadata] : [],
    )
    expect(usages).toEqual([expect.objectContaining({ output_tokens: 3 })])
  })

  test("a message that a ChatModel cannot take is refused", async () => {
    const model = langchainChatModel(core, scriptedChatModel(["…"]))
    const blocks = new core.AIMessage({ content: [{ type: "text", text: "x" }] })
    await expect(model.invoke([blocks])).rejects.toMatchObject({ code: "INVALID_INPUT" })
  })

  test("without the part the error names the command that installs it", () => {
    expect(() => loadLangChain(join(home, "nowhere"))).toThrow(
      expect.objectContaining({
        code: "PART_MISSING",
        hint: expect.stringContaining("roadmap setup langchain"),
      }),
    )
  })
})

describe("over a local model server", () => {
  let model: ChatModel
  let baseUrl: string
  beforeAll(async () => {
    const { variables } = await startService("llm", { home, onProgress: line => console.error(line) })
    baseUrl = variables.OPENAI_BASE_URL
    model = (await openChatModel(loadConfig(variables)))!
  })
  afterAll(() => stopService("llm", { home }))

  test("the chain asks through the adapter and through ChatOpenAI, and lets out only what is in the documents", async () => {
    const { index, retriever } = project
    const { ChatOpenAI } = loadLangChainOpenAi()
    const models = [
      langchainChatModel(core, model, { temperature: 0, maxTokens: 120 }),
      new ChatOpenAI({
        model: model.id.slice(model.id.indexOf("/") + 1),
        apiKey: "none-needed",
        temperature: 0,
        maxTokens: 120,
        configuration: { baseURL: baseUrl },
      }),
    ]
    for (const each of models) {
      const chain = julyChain(core, {
        index,
        retriever: langchainRetriever(core, retriever, { k: 3 }),
        chatModel: { id: model.id, contextWindow: model.contextWindow, model: each },
      })
      const answer = await chain.invoke("How do I make fastify trust a proxy?")
      console.error(
        `${answer.status}, ${answer.checks.sentencesUnsupported} sentences left out: ${answer.text}`,
      )
      expect(answer.answeredBy).toBe(model.id)
      expect(answer.citations.length > 0).toBe(answer.status === "answered")
      for (const { documentId, start, end, quote } of answer.citations)
        expect((await index.document(documentId))?.text.slice(start, end)).toBe(quote)
    }
  })
})
