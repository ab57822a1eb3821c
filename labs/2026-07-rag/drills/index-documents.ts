/**
 * Brings the index of the drill poisoned-document to what is in its documents folder:
 *   ROADMAP_HOME=… node labs/2026-07-rag/drills/index-documents.ts
 */
import { loadConfig } from "@roadmap/core/config"
import { command } from "./command.ts"
import { indexDocuments } from "./poisoned-document/assistant.ts"

await command(async () => {
  const { added, changed, deleted, unchanged, chunks } = await indexDocuments(loadConfig())
  return `${added} added, ${changed} changed, ${deleted} deleted, ${unchanged} unchanged; ${chunks} passages`
})
