import { existsSync, mkdirSync, readdirSync, renameSync } from "node:fs"
import { rm } from "node:fs/promises"
import { dirname, join } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { resolveInside, syncFolder } from "@roadmap/core/files"
import { stagingPath, sweepStaging, syncFiles, writeHashed } from "@roadmap/tracking/staged-file"
import { type Manifest, manifestName, writeManifest } from "../manifest.ts"

/** Model directories by digest: `models/<digest>/`, filled through `staging/`, both below `artifacts`. */
export const modelDirectories = (artifacts: string) => {
  const models = join(artifacts, "models")
  const staging = join(artifacts, "staging")
  const placeOf = (digest: string) => join(models, digest)

  return {
    placeOf,
    /** Copies a checked model directory to a staging directory, flushed to the disk; each copy has the manifest's hash. */
    async stage(source: string, manifest: Manifest): Promise<string> {
      const staged = stagingPath(staging)
      try {
        for (const [name, { sha256 }] of Object.entries(manifest.files)) {
          const copy = await writeHashed(resolveInside(staged, name), { file: join(source, name) })
          if (copy.sha256 !== sha256)
            throw new RoadmapError(
              "MODEL_FORMAT",
              `Model ${source}: ${name} changed while it was registered.`,
              {
                hint: "Register it again when nothing writes to it.",
              },
            )
        }
        await writeManifest(staged, manifest)
        const copies = [...Object.keys(manifest.files), manifestName].map(name => join(staged, name))
        await syncFiles(copies)
        for (const folder of new Set(copies.map(dirname))) syncFolder(folder)
        return staged
      } catch (error) {
        await rm(staged, { recursive: true, force: true })
        throw toRoadmapError(error)
      }
    },
    /**
     * Inside a transaction: moves a staged directory to its place, unless one is there. With `replace` the one there is
     * moved away first; its new path is returned.
     */
    publish(staged: string, digest: string, replace: boolean): string | undefined {
      const place = placeOf(digest)
      mkdirSync(models, { recursive: true })
      const taken = existsSync(place)
      if (taken && !replace) return undefined
      const retired = taken ? stagingPath(staging) : undefined
      if (retired) renameSync(place, retired)
      renameSync(staged, place)
      syncFolder(models)
      return retired
    },
    discard: (path: string) => rm(path, { recursive: true, force: true }),
    /** Inside a transaction: moves every directory that no version needs out of the way; returns where to. */
    retire(needed: ReadonlySet<string>): { name: string; path: string }[] {
      const names = existsSync(models) ? readdirSync(models).filter(name => !needed.has(name)) : []
      if (names.length > 0) mkdirSync(staging, { recursive: true })
      return names.map(name => {
        const path = stagingPath(staging)
        renameSync(join(models, name), path)
        return { name, path }
      })
    },
    /** Removes what dead processes left in staging. */
    sweepStaging: () => sweepStaging(staging),
  }
}
