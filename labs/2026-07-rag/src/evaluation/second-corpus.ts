import { spawn } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { gunzipSync } from "node:zlib"
import type { Config } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { resolveInside } from "@roadmap/core/files"
import { markdownFolder } from "@roadmap/rag/load/folder"
import type { Source } from "@roadmap/rag/load/source"

/** npm's own manual: other authors, other words. Pinned, so that the labels fit. Artistic-2.0, not part of this project. */
const manual = {
  package: "npm@12.2.0",
  integrity: "ZsJjKpTnlmSXOLLXiU1xDCzC4Wlok4IwZmh/aw2KUuXytU7q6qMv/cUT7MoeSf95Slwuw/lRXYefGzGCspHPNQ==",
  megabytes: 3,
} as const

/**
 * A corpus that nothing was fitted on. Its 79 pages are fetched once by `npm pack`, checked against the pinned hash, and
 * kept in the home. Throws UNREACHABLE when they cannot be fetched, FILE_CORRUPT when they are others than the pinned ones,
 * PROGRAM_MISSING without npm.
 */
export const secondCorpus = async (
  config: Config,
  options: { signal?: AbortSignal; say?: (line: string) => void } = {},
): Promise<Source> => {
  const folder = join(config.home, "cache", `second-corpus-${manual.package.replace("@", "-")}`)
  if (!existsSync(folder)) await fetchPages(folder, options)
  return markdownFolder({
    name: "npm",
    folder,
    uri: path =>
      `https://docs.npmjs.com/cli/v12/${path.replace(/^docs\/content\//, "").replace(/\.md$/, "")}`,
  })
}

const fetchPages = async (
  folder: string,
  { signal, say }: { signal?: AbortSignal; say?: (line: string) => void },
): Promise<void> => {
  say?.(`fetching the pages of ${manual.package} (${manual.megabytes} MB)`)
  await mkdir(dirname(folder), { recursive: true })
  const arriving = await mkdtemp(`${folder}-`)
  try {
    const archive = await pack(arriving, signal)
    if (createHash("sha512").update(archive).digest("base64") !== manual.integrity)
      throw new RoadmapError(
        "FILE_CORRUPT",
        `The registry gave another ${manual.package} than the pinned one.`,
        {
          hint: "Look at the registry that npm is configured with.",
        },
      )
    const pages = join(arriving, "pages")
    for (const { name, bytes } of filesOf(gunzipSync(archive))) {
      const path = name.replace(/^package\//, "")
      if (!path.startsWith("docs/content/") || !path.endsWith(".md")) continue
      const target = resolveInside(pages, path)
      await mkdir(dirname(target), { recursive: true })
      await writeFile(target, bytes)
    }
    await rename(pages, folder)
  } finally {
    await rm(arriving, { recursive: true, force: true })
  }
}

/** The package's archive, as npm's own client fetches it from the registry that it is configured with. */
const pack = async (folder: string, signal?: AbortSignal): Promise<Buffer> => {
  const args = ["pack", manual.package, "--ignore-scripts", "--loglevel=error", "--pack-destination", folder]
  const errors: Buffer[] = []
  const code = await new Promise<number | null>((resolve, reject) => {
    const child = spawn("npm", args, { cwd: folder, signal, stdio: ["ignore", "ignore", "pipe"] })
    child.stderr.on("data", piece => errors.push(piece))
    child.on("error", cause =>
      reject(
        signal?.aborted
          ? signal.reason
          : new RoadmapError("PROGRAM_MISSING", "npm is not on this machine, or not on its PATH.", { cause }),
      ),
    )
    child.on("close", resolve)
  })
  const [archive] = (await readdir(folder)).filter(name => name.endsWith(".tgz"))
  if (code !== 0 || archive === undefined)
    throw new RoadmapError(
      "UNREACHABLE",
      `npm could not fetch ${manual.package}: ${Buffer.concat(errors).toString().trim().split("\n").at(-1) || `exit code ${code}`}`,
      { hint: "The second corpus needs the npm registry once. Try again with a network.", retryable: true },
    )
  return readFile(join(folder, archive))
}

/** Plain files of a tar archive (POSIX ustar: blocks of 512 bytes, size in octal at 124, kind at 156). */
const filesOf = function* (tar: Buffer): Generator<{ name: string; bytes: Buffer }> {
  const text = (from: number, length: number) =>
    tar.toString("utf8", from, from + length).replace(/\0.*$/s, "")
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const size = Number.parseInt(text(at + 124, 12).trim() || "0", 8)
    const prefix = text(at + 345, 155)
    const kind = text(at + 156, 1)
    if (kind === "0" || kind === "")
      yield {
        name: prefix === "" ? text(at, 100) : `${prefix}/${text(at, 100)}`,
        bytes: tar.subarray(at + 512, at + 512 + size),
      }
    at += 512 + 512 * Math.ceil(size / 512)
  }
}
