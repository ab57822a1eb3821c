import { spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { readdir, readFile, rm } from "node:fs/promises"
import { join } from "node:path"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import { lockFile } from "@roadmap/core/lock-file"
import { formatBytes, formatSeconds } from "@roadmap/report/format"
import { textTable } from "@roadmap/report/table"
import type { CommandContext } from "../context.ts"

/** A folder of `parts/`: a package outside the workspace, with a lockfile, installed when it is asked for. */
export interface Part {
  name: string
  folder: string
  description: string
  /** The module that the part is for; installed means that it loads. */
  load: string
  downloadBytes: number
  installedBytes: number
  installed: boolean
}

/** `setup` lists the optional parts; `setup NAME` installs one, or says that it is there. */
export const setup = async (context: CommandContext, name: string | undefined): Promise<undefined> => {
  const parts = await listParts(context.root)
  if (name === undefined) {
    context.print({ parts: parts.map(({ folder: _, ...part }) => part) }, () => describe(context, parts))
    return
  }
  const part = parts.find(candidate => candidate.name === name)
  if (part === undefined)
    throw new RoadmapError("UNKNOWN_NAME", `There is no part "${name}".`, {
      hint: `The parts are: ${parts.map(known => known.name).join(", ")}.`,
    })
  const started = performance.now()
  const status = await installPart(context.root, part, {
    signal: context.signal,
    say: line => process.stderr.write(`${line}\n`),
  })
  const seconds = (performance.now() - started) / 1000
  context.print({ part: name, status, seconds }, () =>
    status === "present"
      ? `${context.colors.green("✔")} ${name} is installed.`
      : `${context.colors.green("✔")} ${name} is installed and starts (${formatSeconds(seconds)}).`,
  )
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

/**
 * Installs a part from its lockfile, without install scripts, and starts its module once. It counts as
 * installed only from then on: after a kill the next call begins anew. Throws UNREACHABLE when the packages
 * cannot be fetched, PART_MISSING when the module does not start here, USAGE without npm.
 */
export const installPart = async (
  root: string,
  part: Part,
  { signal, say }: { signal?: AbortSignal; say: (line: string) => void },
): Promise<"present" | "installed"> => {
  if (part.installed) return "present"
  using _lock = lockFile(join(root, "node_modules", ".roadmap-setup.lock"), {
    waitMs: 0,
    busy: "Another roadmap setup is running on this repository.",
    hint: "Wait for it, then run the same command again.",
  })
  say(
    `${part.name}: ${part.description}. About ${formatBytes(part.downloadBytes)} to download, ${formatBytes(part.installedBytes)} in ${part.folder}.`,
  )
  await rm(markerOf(part.folder), { force: true })
  await fetchPackages(part, { signal, say })
  const { status, output } = await runProgram(
    process.execPath,
    ["-e", `require(${JSON.stringify(part.load)})`],
    {
      cwd: part.folder,
      signal,
    },
  )
  if (status !== 0)
    throw new RoadmapError(
      "PART_MISSING",
      `${part.load} was installed but does not start: ${lastLine(output)}`,
      {
        hint: "It may not support this operating system or processor; everything else works without it.",
      },
    )
  await writeFileAtomic(markerOf(part.folder), `${await stampOf(part.folder)}\n`)
  return "installed"
}

const readPart = async (folder: string, name: string): Promise<Part> => {
  const { description, roadmapPart } = JSON.parse(await readFile(join(folder, "package.json"), "utf8")) as {
    description: string
    roadmapPart: { load: string; downloadMegabytes: number; installedMegabytes: number }
  }
  const marker = await readFile(markerOf(folder), "utf8").catch(() => "")
  return {
    name,
    folder,
    description,
    load: roadmapPart.load,
    downloadBytes: roadmapPart.downloadMegabytes * 1e6,
    installedBytes: roadmapPart.installedMegabytes * 1e6,
    installed: marker.trim() === (await stampOf(folder)),
  }
}

/** Written last, below node_modules: a part without it, or with that of another lockfile, is not installed. */
const markerOf = (folder: string): string => join(folder, "node_modules", ".roadmap-part")

const stampOf = async (folder: string): Promise<string> =>
  sha256(await readFile(join(folder, "package-lock.json")))

/** npm first, because whoever has npx has it; pnpm otherwise, which pins the part's own version alone. */
const installers = [
  { program: "npm", args: ["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"] },
  { program: "pnpm", args: ["install", "--ignore-workspace", "--ignore-scripts", "--prod"] },
]

const fetchPackages = async (
  part: Part,
  { signal, say }: { signal?: AbortSignal; say: (line: string) => void },
): Promise<void> => {
  for (const { program, args } of installers) {
    const started = performance.now()
    const ticking = setInterval(
      () => say(`${part.name}: still fetching, ${formatSeconds((performance.now() - started) / 1000)}`),
      10_000,
    )
    try {
      const { status, output } = await runProgram(program, args, { cwd: part.folder, signal })
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

/** Runs a program with its output kept. Throws INTERRUPTED when the signal aborts. */
const runProgram = (
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

const lastLine = (output: string): string =>
  output
    .split("\n")
    .map(line => line.trim())
    .filter(line => line !== "" && !line.startsWith("npm warn"))
    .at(-1) ?? "it printed nothing"

const describe = (context: CommandContext, parts: readonly Part[]): string =>
  textTable(
    {
      columns: [
        { label: "part" },
        { label: "installed" },
        { label: "download", align: "right" },
        { label: "on disk", align: "right" },
        { label: "what it is" },
      ],
      rows: parts.map(part => [
        part.name,
        part.installed ? "yes" : "no",
        formatBytes(part.downloadBytes),
        formatBytes(part.installedBytes),
        part.description,
      ]),
    },
    { width: context.columns },
  )
