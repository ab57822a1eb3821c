import { mkdirSync, renameSync } from "node:fs"
import { readFile, rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { toRoadmapError } from "@roadmap/core/errors"
import { resolveInside, syncFolder } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import { checkArtifactPath, clashingArtifact, damagedArtifact, missingArtifact } from "../artifact-path.ts"
import { localFilesBelow } from "../local-files.ts"
import type { ArtifactContent, ArtifactInfo } from "../port.ts"
import { type StagedFile, stageFile } from "../staged-file.ts"
import type { StateFile } from "../state-file.ts"
import type { runStore } from "./runs.ts"

interface ArtifactRow {
  path: string
  size: number | null
  sha256: string | null
  pending_sha256: string | null
}

/**
 * Artifacts are files `runs/<run id>/<name>` and a row each. Writing: the content goes to a staging file; one
 * transaction writes its hash as pending; another renames the file to its place and makes the hash the valid one.
 * A reader accepts both hashes, so a kill at any moment leaves the old content or the new, and never a name without
 * a file: rows without a valid hash are not listed.
 */
export const artifactStore = (file: StateFile, artifacts: string, runs: ReturnType<typeof runStore>) => {
  const staging = join(artifacts, "staging")
  const placeOf = (runId: string, path: string) => resolveInside(join(artifacts, "runs", runId), path)
  const rowsBelow = (runId: string, path: string): ArtifactRow[] =>
    file.all<ArtifactRow>(
      `select path, size, sha256, pending_sha256 from artifacts
       where run = ? and sha256 is not null and (? = '' or path = ? or path glob ?)
       order by path`,
      runs.find(runId).id,
      path,
      path,
      below(path),
    )

  const announce = (runId: string, path: string, staged: StagedFile) =>
    file.write(() => {
      const { id } = runs.active(runId)
      const folders = path.split("/").map((_, index, parts) => parts.slice(0, index).join("/"))
      const clash = file.get<{ path: string }>(
        `select path from artifacts where run = ? and
         (path in (select value from json_each(?)) or path glob ?)`,
        id,
        JSON.stringify(folders.slice(1)),
        below(path),
      )
      if (clash) throw clashingArtifact(path, clash.path)
      file.run(
        `insert into artifacts (run, path, pending_sha256) values (?, ?, ?)
         on conflict (run, path) do update set pending_sha256 = excluded.pending_sha256`,
        id,
        path,
        staged.sha256,
      )
    })
  const publish = (runId: string, path: string, staged: StagedFile) => {
    const place = placeOf(runId, path)
    mkdirSync(dirname(place), { recursive: true })
    file.write(() => {
      renameSync(staged.path, place)
      syncFolder(dirname(place))
      file.run(
        `update artifacts set size = ?, sha256 = ?, pending_sha256 = nullif(pending_sha256, ?)
         where run = ? and path = ?`,
        staged.size,
        staged.sha256,
        staged.sha256,
        runs.find(runId).id,
        path,
      )
    })
  }
  const log = async (runId: string, path: string, content: ArtifactContent): Promise<ArtifactInfo> => {
    checkArtifactPath(path)
    runs.active(runId)
    const staged = await stageFile(staging, bytesOf(content))
    try {
      announce(runId, path, staged)
      publish(runId, path, staged)
    } finally {
      await rm(staged.path, { force: true })
    }
    return { path, isDirectory: false, size: staged.size, sha256: staged.sha256 }
  }
  const one = (runId: string, path: string): ArtifactRow => {
    checkArtifactPath(path)
    const row = rowsBelow(runId, path).find(candidate => candidate.path === path)
    return row ?? missingArtifact(runId, path)
  }

  return {
    log,
    async logFolder(runId: string, folder: string, under?: string): Promise<ArtifactInfo[]> {
      if (under !== undefined) checkArtifactPath(under)
      const names = await localFilesBelow(folder)
      const logged: ArtifactInfo[] = []
      for (const name of names)
        logged.push(
          await log(runId, under === undefined ? name : `${under}/${name}`, { file: join(folder, name) }),
        )
      return logged
    },
    list(runId: string, path = ""): ArtifactInfo[] {
      if (path !== "") checkArtifactPath(path)
      const prefix = path === "" ? "" : `${path}/`
      const entries = new Map<string, ArtifactInfo>()
      for (const row of rowsBelow(runId, path)) {
        if (!row.path.startsWith(prefix)) continue
        const [name, ...deeper] = row.path.slice(prefix.length).split("/")
        const entry = prefix + name
        entries.set(
          entry,
          deeper.length > 0
            ? { path: entry, isDirectory: true }
            : { path: entry, isDirectory: false, size: row.size!, sha256: row.sha256! },
        )
      }
      return [...entries.values()].sort((a, b) => (a.path < b.path ? -1 : 1))
    },
    async read(runId: string, path: string): Promise<Uint8Array> {
      const row = one(runId, path)
      const bytes = await readFile(placeOf(runId, path)).catch(error => {
        throw damagedArtifact(runId, path, toRoadmapError(error))
      })
      if (!isContentOf(row, sha256(bytes))) throw damagedArtifact(runId, path)
      return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    },
    async download(runId: string, path: string, folder: string): Promise<string[]> {
      if (path !== "") checkArtifactPath(path)
      const rows = rowsBelow(runId, path)
      if (rows.length === 0 && path !== "") missingArtifact(runId, path)
      const written: string[] = []
      for (const row of rows) {
        const target = resolveInside(folder, row.path)
        const staged = await stageFile(dirname(target), { file: placeOf(runId, row.path) })
        try {
          if (!isContentOf(row, staged.sha256)) throw damagedArtifact(runId, row.path)
          renameSync(staged.path, target)
        } finally {
          await rm(staged.path, { force: true })
        }
        written.push(target)
      }
      return written
    },
  }
}

const bytesOf = (content: ArtifactContent): { file: string } | Uint8Array => {
  if ("file" in content) return content
  return "text" in content ? Buffer.from(content.text) : content.bytes
}

/** A GLOB pattern for the names inside a folder. */
const below = (path: string) => `${path.replace(/[*?[]/g, "[$&]")}/*`

const isContentOf = (row: ArtifactRow, hash: string) => hash === row.sha256 || hash === row.pending_sha256
