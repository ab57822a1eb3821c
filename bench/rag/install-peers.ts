import { copyFileSync, existsSync, mkdirSync } from "node:fs"
import { join } from "node:path"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256File } from "@roadmap/core/hash"
import { measure } from "../process.ts"

/** LangChain JS and LlamaIndex in a folder of their own below `home`, from the lock file beside this one; made once. */
export const installPeers = async (home: string, signal: AbortSignal): Promise<string> => {
  const from = join(import.meta.dirname, "peers")
  const name = (await sha256File(join(from, "package-lock.json"))).slice(0, 12)
  const folder = join(home, "bench", `rag-peers-${name}`)
  const marker = join(folder, "complete")
  if (existsSync(marker)) return folder
  process.stderr.write(`Installing LangChain JS and LlamaIndex (140 MB) in ${folder}\n`)
  mkdirSync(folder, { recursive: true })
  for (const file of ["package.json", "package-lock.json"]) copyFileSync(join(from, file), join(folder, file))
  const args = ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
  await measure("npm", args, { cwd: folder, signal })
  await writeFileAtomic(marker, "")
  return folder
}
