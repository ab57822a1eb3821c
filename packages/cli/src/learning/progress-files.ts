import { mkdir, readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { type Chain, readChain } from "@roadmap/labkit/evidence/chain"
import { evidencePath } from "@roadmap/labkit/evidence/log"
import { progressOf } from "@roadmap/labkit/evidence/progress"
import type { CommandContext } from "../context.ts"
import type { Learning } from "./catalog.ts"
import { progressPages } from "./progress-pages.ts"

/** The evidence that the pages were made from stands beside them, so that whoever reads them can verify them. */
const evidenceName = "evidence.jsonl"

export const progressFolder = (root: string): string => join(root, "docs", "progress")

/** Every file that this evidence gives, by its path below docs/progress. */
export const progressFiles = async (
  learning: Learning,
  evidence: string,
  chain: Chain,
): Promise<Map<string, string>> => {
  const records = chain.records.map(({ record }) => record)
  const months = await progressOf(learning.labs, learning.exercises, learning.drills, records)
  const files = progressPages(months, { records: records.length, head: chain.head })
  return files.set(evidenceName, evidence)
}

/** Text of a file, "" when it does not exist. */
const readOrEmpty = (path: string): Promise<string> =>
  readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return ""
    throw error
  })

/** Writes docs/progress from this home's evidence. Throws STATE_CORRUPT for evidence that was tampered with. */
export const writeProgress = async (context: CommandContext, learning: Learning): Promise<string[]> => {
  const folder = progressFolder(context.root)
  const path = evidencePath(context.config.home)
  const evidence = await readOrEmpty(path)
  const chain = readChain(evidence)
  const broken = chain.problems.find(problem => problem.kind === "broken")
  if (broken)
    throw new RoadmapError("STATE_CORRUPT", `${path} line ${broken.line} ${broken.what}.`, {
      hint: "Restore the file from a backup; the pages are written from intact evidence only.",
    })
  const published = await readOrEmpty(join(folder, evidenceName))
  if (!evidence.startsWith(published))
    throw new RoadmapError(
      "STATE_CORRUPT",
      `docs/progress/${evidenceName} holds records that ${path} does not have.`,
      {
        hint: `To go on from them, copy it to ${path}; to begin anew, delete it.`,
      },
    )
  const files = await progressFiles(learning, evidence, chain)
  await mkdir(folder, { recursive: true })
  for (const name of await generatedNames(folder)) if (!files.has(name)) await rm(join(folder, name))
  for (const [name, content] of files)
    if ((await readOrEmpty(join(folder, name))) !== content || content === "")
      await writeFileAtomic(join(folder, name), content)
  return [...files.keys()].map(name => join(folder, name))
}

/** The evidence beside the pages. Throws FILE_MISSING when nothing has been written yet. */
export const publishedEvidence = async (root: string): Promise<string> => {
  const path = join(progressFolder(root), evidenceName)
  return readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error
    throw new RoadmapError("FILE_MISSING", `${path} does not exist.`, {
      hint: "Write the pages first: roadmap progress --write",
    })
  })
}

/** Pages and plots that stand in docs/progress, by relative path. */
export const generatedNames = async (folder: string): Promise<string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => [])
  return entries
    .filter(entry => entry.isFile() && /\.(md|svg)$/.test(entry.name))
    .map(entry =>
      join(entry.parentPath, entry.name)
        .slice(folder.length + 1)
        .replaceAll("\\", "/"),
    )
    .sort()
}
