import { rm } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { chatModelStatus, embedderStatus, type PortStatus } from "@roadmap/llm/status"
import type { CommandContext } from "../context.ts"

/** One port: what it resolves to, and the attempt that shows that it works. */
export interface PortCheck {
  name: string
  part: string
  /** What to do to get more of this port, when nothing is wrong. */
  hint?: string
  work: () => Promise<string>
}

/** A server that takes longer for one word is no use. */
const patienceMs = 30_000

/** The ports of language models and of their documents: each is used once, with as little as it takes. */
export const modelChecks = ({ config, signal }: CommandContext): PortCheck[] => {
  const patient = () => AbortSignal.any([signal, AbortSignal.timeout(patienceMs)])
  const chat = chatModelStatus(config)
  const embedder = embedderStatus(config)
  return [
    portCheck("chat model", chat, async () => {
      const { openChatModel } = await import("@roadmap/llm/open")
      const { collect } = await import("@roadmap/llm/collect")
      const model = (await openChatModel(config, patient()))!
      const request = { messages: [{ role: "user" as const, content: "Say ok." }], maxTokens: 16 }
      const { finish } = await collect(model.stream(request, patient()))
      signal.throwIfAborted()
      if (finish.reason === "aborted") throw late(chat.why)
      return `${model.id} answers, ${finish.usage.promptTokens + finish.usage.completionTokens} tokens spent on this check`
    }),
    portCheck("embedder", embedder, async () => {
      const { openEmbedder } = await import("@roadmap/llm/open")
      await using opened = (await openEmbedder(config, { signal: patient(), threads: 1 }))!
      const [vector] = await opened.embed(["Is the doctor in?"], patient())
      return `${opened.id}, ${vector.length} dimensions`
    }),
    {
      name: "vector store",
      part: config.qdrant ? "Qdrant" : config.database ? "PostgreSQL with pgvector" : "SQLite, embedded",
      work: async () => {
        const { openVectorStore } = await import("@roadmap/rag/vector-store/open")
        const folder = join(config.home, "tmp", `doctor-${process.pid}`)
        try {
          await using store = await openVectorStore(config, { name: "doctor", dimensions: 3, folder })
          const vector = Float32Array.of(1, 0, 0)
          await store.upsert([{ id: "doctor", vector, metadata: {} }], signal)
          const [hit] = await store.search(vector, { k: 1, signal })
          await store.delete(["doctor"], signal)
          if (hit?.id !== "doctor")
            throw new RoadmapError("SERVICE_FAILED", "What was written is not found again.", {
              hint: "Look into the logs of the server.",
            })
          return "writes, finds and deletes"
        } finally {
          await rm(folder, { recursive: true, force: true })
        }
      },
    },
  ]
}

const portCheck = (
  name: string,
  { adapter, ready, why, hint }: PortStatus,
  work: () => Promise<string>,
): PortCheck => ({
  name,
  part: adapter,
  ...(!ready && hint && { hint }),
  work: ready ? work : async () => why,
})

const late = (why: string) =>
  new RoadmapError("TIMEOUT", `${why} did not answer within ${patienceMs / 1000} s.`, {
    hint: "Try again; a model that is loaded for the first time takes long.",
    retryable: true,
  })
