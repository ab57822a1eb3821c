/**
 * Searches the documents of the drill other-embedder, or makes their index:
 *   ROADMAP_HOME=… node labs/2026-07-rag/drills/search-documents.ts [--index | --rebuild | "words to search for"]
 */
import { loadConfig } from "@roadmap/core/config"
import { command } from "./command.ts"
import { findDocuments, indexDocuments } from "./other-embedder/search.ts"

await command(async () => {
  const [first = "--index"] = process.argv.slice(2)
  const config = loadConfig()
  if (first === "--index" || first === "--rebuild") {
    const { added, unchanged, chunks, embedded } = await indexDocuments(config, {
      rebuild: first === "--rebuild",
    })
    return `${added} added, ${unchanged} unchanged; ${chunks} passages, ${embedded} embedded`
  }
  const [found] = await findDocuments(config, [process.argv.slice(2).join(" ")])
  return found.join("\n")
})
