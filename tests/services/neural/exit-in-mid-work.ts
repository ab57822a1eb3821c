import { setTimeout } from "node:timers/promises"
import { miniLmEmbedder } from "../../../packages/llm/src/adapters/minilm/embedder.ts"

const embedder = miniLmEmbedder({ threads: 2 })
const many = Array.from({ length: 300 }, (_, i) => `chapter ${i} of a long book `.repeat(30))
await Promise.race([embedder.embed(many), setTimeout(Number(process.argv[2]))])
process.exit(7)
