import { createHash } from "node:crypto"
import { globSync } from "node:fs"
import { cp, mkdir, readFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { markdownFolder } from "@roadmap/rag/load/folder"
import type { Source } from "@roadmap/rag/load/source"

type Home = Pick<Config, "home">

/** Documents that the drill's assistant reads: pino's own, and what people have uploaded. */
export const documentsFolder = ({ home }: Home): string => join(home, "documents")
export const uploadsFolder = ({ home }: Home): string => join(home, "documents", "uploads")

export const drillSources = (config: Home): Source[] => [
  markdownFolder({ name: "documents", folder: documentsFolder(config), uri: path => path }),
]

/** The documentation of pino, as its npm package has it. */
export const copyPinoDocs = async (config: Home): Promise<void> => {
  const from = join(dirname(createRequire(import.meta.url).resolve("pino/package.json")), "docs")
  const to = join(documentsFolder(config), "pino")
  await mkdir(to, { recursive: true })
  for (const name of globSync("*.md", { cwd: from })) await cp(join(from, name), join(to, name))
}

/** Hash of the content of every file below a folder, by its path. */
export const hashesOf = async (folder: string): Promise<Record<string, string>> => {
  const names = globSync("**/*.md", { cwd: folder }).sort()
  const hashes = names.map(async name => [
    name.replaceAll("\\", "/"),
    createHash("sha256")
      .update(await readFile(join(folder, name)))
      .digest("hex"),
  ])
  return Object.fromEntries(await Promise.all(hashes))
}
