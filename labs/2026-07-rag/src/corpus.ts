import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname } from "node:path"
import type { Config } from "@roadmap/core/config"
import { repositoryRoot } from "@roadmap/core/parts"
import type { Metadata } from "@roadmap/rag/document"
import { markdownFolder } from "@roadmap/rag/load/folder"
import type { Source } from "@roadmap/rag/load/source"
import { finishedMonths, modelSource } from "./corpus/models.ts"

type Home = Pick<Config, "home" | "mlflow">

// #region corpus
/**
 * The documents of one's own stack: the documentation inside the npm packages that this project runs on, its own pages, and what
 * the months before made. On a bare clone the last is empty. Another month's documents join as one more line.
 */
export const projectCorpus = (config: Home): Source[] => [
  packageDocs("fastify", "docs/**/*.md", "fastify/fastify"),
  packageDocs("undici", "docs/docs/**/*.md", "nodejs/undici"),
  packageDocs("pino", "docs/*.md", "pinojs/pino"),
  repositoryPages(),
  modelSource(config),
]
// #endregion

/** What the corpus does not have yet, and which command makes it: one sentence each. */
export const corpusNotes = async (config: Home): Promise<string[]> => {
  const months = await finishedMonths(config)
  if (months.length > 0) return []
  const missing = config.mlflow ? "No evaluation results" : "No model cards and no evaluation results"
  return [
    `${missing} are among the documents: no month has been run here. They join after: npx -y pnpm@12 roadmap run apr`,
  ]
}

/** Markdown documentation as a package's version brings it. Its id is the path inside the package: fastify/docs/Reference/Server.md. */
const packageDocs = (name: string, include: string, repository: string): Source => {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
  const { version, license }: { version: string; license: string } = JSON.parse(
    readFileSync(manifest, "utf8"),
  )
  return markdownFolder({
    name,
    folder: dirname(manifest),
    include: [include],
    uri: path => `https://github.com/${repository}/blob/v${version}/${path}`,
    metadata: { kind: "documentation", version, license },
  })
}

/**
 * This repository's pages, without those of the months about this assistant: a question that is quoted there as one to be
 * declined would be found, and their figures would change the corpus on which they are measured.
 */
const repositoryPages = (): Source =>
  markdownFolder({
    name: "roadmap",
    folder: repositoryRoot,
    include: [
      "README.md",
      "docs/errors.md",
      "docs/decisions/*.md",
      "packages/*/README.md",
      "labs/*/{README,notes,architecture,learnings,patterns}.md",
    ],
    exclude: ["labs/2026-0[78]-*/*.md"],
    uri: path => path,
    metadata: pageMetadata,
  })

const pageMetadata = (path: string): Metadata => {
  const [top, second] = path.split("/")
  if (top === "labs") return { kind: "month", month: second.slice(0, "2026-02".length) }
  if (top === "packages") return { kind: "package", package: second }
  return { kind: path.startsWith("docs/decisions/") ? "decision" : "project" }
}
