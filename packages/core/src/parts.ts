import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError, toRoadmapError } from "./errors.ts"
import { writeFileAtomic } from "./files.ts"
import { sha256 } from "./hash.ts"
import { lockFile } from "./lock-file.ts"

/** The repository that this file belongs to: optional parts lie in its `parts/`. */
export const repositoryRoot = join(import.meta.dirname, "..", "..", "..")

/** A folder of `parts/`: a package outside the workspace, with what it holds pinned, installed when it is asked for. */
export interface Part {
  name: string
  folder: string
  description: string
  /** The module that the part is for; installed means that it loads. Absent for a part of model files. */
  load?: string
  /** File that pins a part of model files; these are fetched by the package that uses them. */
  model?: string
  /** Parts that this one brings along. */
  needs: readonly string[]
  downloadBytes: number
  installedBytes: number
  installed: boolean
}

/** How an installer is heard and stopped. */
export interface InstallOptions {
  signal?: AbortSignal
  say: (line: string) => void
}

/** The parts of a repository, with what each costs. */
export const listParts = async (root: string): Promise<Part[]> => {
  const folder = join(root, "parts")
  const names = (await readdir(folder, { withFileTypes: true }))
    .filter(entry => entry.isDirectory() && existsSync(join(folder, entry.name, "package.json")))
    .map(entry => entry.name)
    .sort()
  return Promise.all(names.map(name => readPart(join(folder, name), name)))
}

/** One part of a repository by name. Throws UNKNOWN_NAME. */
export const partOf = async (root: string, name: string): Promise<Part> => {
  const parts = await listParts(root)
  const part = parts.find(candidate => candidate.name === name)
  if (part === undefined)
    throw new RoadmapError("UNKNOWN_NAME", `There is no part "${name}".`, {
      hint: `The parts are: ${parts.map(known => known.name).join(", ")}.`,
    })
  return part
}

/**
 * Installs a part from its lockfile, without install scripts, and starts its module once. It counts as
 * installed only from then on: after a kill the next call begins anew. Throws UNREACHABLE when the packages
 * cannot be fetched, PART_MISSING when the module does not start here, USAGE without npm.
 */
export const installPart = async (
  root: string,
  part: Part,
  { signal, say }: InstallOptions,
): Promise<"present" | "installed"> => {
  if (part.installed) return "present"
  const { load } = part
  if (load === undefined) throw new RoadmapError("INTERNAL", `${part.name} is no part of packages.`)
  using _lock = lockFile(join(root, "node_modules", ".roadmap-setup.lock"), {
    waitMs: 0,
    busy: "Another roadmap setup is running on this repository.",
    hint: "Wait for it, then run the same command again.",
  })
  say(costOf(part))
  await rm(markerOf(part.folder), { force: true })
  await fetchPackages(part, { signal, say })
  const args = ["-e", `require(${JSON.stringify(load)})`]
  const { status, output } = await runToEnd(process.execPath, args, { cwd: part.folder, signal })
  if (status !== 0)
    throw new RoadmapError("PART_MISSING", `${load} was installed but does not start: ${lastLine(output)}`, {
      hint: "It may not support this operating system or processor; everything else works without it.",
    })
  await markInstalled(part)
  return "installed"
}

/** The sentence that says what installing a part costs, before it begins. */
export const costOf = (part: Part): string =>
  `${part.name}: ${part.description}. About ${megabytes(part.downloadBytes)} to download, ${megabytes(part.installedBytes)} in ${part.folder}.`

/** What makes a part count as installed. Write it last. */
export const markInstalled = async (part: Part): Promise<void> =>
  writeFileAtomic(markerOf(part.folder), `${await stampOf(part.folder, part.model)}\n`)

const readPart = async (folder: string, name: string): Promise<Part> => {
  const { description, roadmapPart } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    description: string
    roadmapPart: {
      load?: string
      model?: string
      needs?: string[]
      downloadMegabytes: number
      installedMegabytes: number
    }
  }
  const marker = await readFile(markerOf(folder), "utf8").catch(() => "")
  return {
    name,
    folder,
    description,
    ...(roadmapPart.load !== undefined && { load: roadmapPart.load }),
    ...(roadmapPart.model !== undefined && { model: roadmapPart.model }),
    needs: roadmapPart.needs ?? [],
    downloadBytes: roadmapPart.downloadMegabytes * 1e6,
    installedBytes: roadmapPart.installedMegabytes * 1e6,
    installed: marker.trim() === (await stampOf(folder, roadmapPart.model)),
  }
}

/** Below node_modules, as all that is fetched: a part without it, or with that of other pins, is not installed. */
const markerOf = (folder: string): string => join(folder, "node_modules", ".roadmap-part")

const stampOf = async (folder: string, pins = "package-lock.json"): Promise<string> =>
  sha256(await readFile(join(folder, pins)))

/** npm first, because whoever has npx has it; pnpm otherwise, which pins the part's own version alone. */
const installers = [
  { program: "npm", args: ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"] },
  { program: "pnpm", args: ["install", "--ignore-workspace", "--ignore-scripts", "--prod"] },
]

const fetchPackages = async (part: Part, { signal, say }: InstallOptions): Promise<void> => {
  for (const { program, args } of installers) {
    const started = performance.now()
    const ticking = setInterval(
      () => say(`${part.name}: still fetching, ${((performance.now() - started) / 1000).toFixed(0)} s`),
      10_000,
    )
    try {
      const { status, output } = await runToEnd(program, args, { cwd: part.folder, signal })
      if (status === 0) return
      if (status !== "absent")
        throw new RoadmapError(
          "UNREACHABLE",
          `${program} could not install ${part.load}: ${lastLine(output)}`,
          {
            hint: "Check the network and the registry that npm is set to, then run the same command again.",
            retryable: true,
          },
        )
    } finally {
      clearInterval(ticking)
    }
  }
  throw new RoadmapError("USAGE", "Neither npm nor pnpm is on the PATH.", {
    hint: "Start the command through npx, which comes with npm: npx -y pnpm@12 roadmap setup <part>",
  })
}

/**
 * Runs a program to its end with the last 8 KiB of its output kept; "absent" when there is none of that name. Throws
 * INTERRUPTED when the signal aborts.
 */
export const runToEnd = (
  program: string,
  args: readonly string[],
  { cwd, signal }: { cwd: string; signal?: AbortSignal },
): Promise<{ status: number | "absent"; output: string }> =>
  new Promise((resolve, reject) => {
    const isScript = process.platform === "win32" && program !== process.execPath
    const child = spawn(program, args, { cwd, signal, shell: isScript, stdio: ["ignore", "pipe", "pipe"] })
    let output = ""
    const keep = (text: Buffer) => {
      output = (output + text).slice(-8_192)
    }
    child.stdout.on("data", keep)
    child.stderr.on("data", keep)
    child.on("error", (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? resolve({ status: "absent", output }) : reject(toRoadmapError(error)),
    )
    child.on("close", code => resolve({ status: code ?? 1, output }))
  })

/** The last line of a program's output that says something. */
export const lastLine = (output: string): string =>
  output
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "" && !line.startsWith("npm warn"))
    .at(-1) ?? "it printed nothing"

const megabytes = (bytes: number): string => {
  const millions = bytes / 1e6
  return `${millions.toFixed(millions < 100 ? 1 : 0)} MB`
}
