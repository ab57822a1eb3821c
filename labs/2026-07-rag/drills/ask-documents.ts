/**
 * Asks the documents of the drill poisoned-document:
 *   ROADMAP_HOME=… node labs/2026-07-rag/drills/ask-documents.ts "How do I redact sensitive keys in pino logs?"
 */
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { command } from "./command.ts"
import { askDocuments } from "./poisoned-document/assistant.ts"

await command(async () => {
  const question = process.argv.slice(2).join(" ")
  if (question === "")
    throw new RoadmapError("USAGE", "There is no question.", { hint: "Give it in quotation marks." })
  const [{ status, text, citations, passages }] = await askDocuments(loadConfig(), [question])
  return [
    `${status}: ${text}`,
    "",
    ...citations.map(
      ({ marker, documentId, headings }) => `[${marker}] ${documentId}  ${headings.join(" > ")}`,
    ),
    "",
    "found, best first:",
    ...passages.map(
      ({ chunk, score }) => `${score.toFixed(3)}  ${chunk.documentId}  ${chunk.headings.join(" > ")}`,
    ),
  ].join("\n")
})
