import { existsSync, readFileSync } from "node:fs"
import { mkdir, rm } from "node:fs/promises"
import { join, resolve } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256 } from "@roadmap/core/hash"
import { takeTurns } from "./lock.ts"
import { lastLine, missing, runProgram } from "./programs.ts"

export interface PythonOptions {
  /** Pinned packages ("numpy==2.4.6"), or a lock file in which every package has its hashes. */
  requirements: readonly string[] | { lockFile: string }
  /** The environment becomes `venv-<hash of the requirements>` below this folder. */
  folder: string
  /** What it is for, in messages. Default: the packages' names. */
  purpose?: string
  /** Leave out what the packages depend on, where that is not needed to run them. */
  withoutDependencies?: boolean
  /** Packages that exist as source only, built with what another lock file holds. Everything else comes as a wheel. */
  fromSource?: { packages: readonly string[]; buildLockFile: string }
  signal?: AbortSignal
  onProgress?: (line: string) => void
}

export interface PythonEnvironment {
  /** Folder of the environment. */
  folder: string
  /** Folder of its programs. */
  bin: string
  python: string
}

/** Oldest Python for which the pinned packages have wheels. */
const oldestMinor = 11

/**
 * A virtual environment with exactly these packages: made once, made anew when its making was cut short, when the
 * folder was moved or when `python3` is another one. Wheels only, unless `fromSource` names a package.
 * Two processes that want the same one at once make it once. Throws PROGRAM_MISSING (python3, its venv module),
 * UNREACHABLE when packages cannot be fetched, FILE_CORRUPT when one does not have its pinned hash.
 */
export const preparePython = async (options: PythonOptions): Promise<PythonEnvironment> => {
  const { requirements, signal, onProgress, withoutDependencies = false, fromSource } = options
  const lines =
    "lockFile" in requirements ? readFileSync(requirements.lockFile, "utf8") : requirements.join("\n")
  const name = `venv-${sha256(`${lines}${withoutDependencies ? "\n--no-deps" : ""}`).slice(0, 12)}`
  const folder = resolve(options.folder, name)
  const environment = { folder, bin: join(folder, "bin"), python: join(folder, "bin", "python") }
  const version = await pythonVersion(signal)
  // A virtual environment holds its own path and that of its Python in many files.
  const stamp = `${folder}\n${version}\n`
  const marker = join(folder, "complete")
  if (contentOf(marker) === stamp) return environment
  using _lock = await takeTurns(`${folder}.lock`, {
    signal,
    onWait: () => onProgress?.(`Another process is installing ${name}: waiting for it`),
  })
  if (contentOf(marker) === stamp) return environment
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true })
  const purpose = options.purpose ?? packagesOf(lines).join(", ")
  onProgress?.(`Installing ${purpose} for Python in ${folder}`)
  await makeEnvironment(folder, signal)
  const install = async (...words: string[]) => {
    const args = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--only-binary=:all:"]
    const { status, stderr } = await runProgram(environment.python, [...args, ...words], {
      signal,
      timeoutMs: 15 * 60_000,
      onTick: seconds => onProgress?.(`Installing ${purpose}: ${seconds} s`),
    })
    if (status !== 0) throw pipError(purpose, stderr)
  }
  if (fromSource !== undefined) await install("--require-hashes", "-r", fromSource.buildLockFile)
  await install(
    ...(withoutDependencies ? ["--no-deps"] : []),
    ...(fromSource ? ["--no-build-isolation", `--no-binary=${fromSource.packages.join(",")}`] : []),
    ...("lockFile" in requirements ? ["--require-hashes", "-r", requirements.lockFile] : requirements),
  )
  await writeFileAtomic(marker, stamp)
  return environment
}

/** `lib/pythonX.Y/site-packages` of an environment. */
export const sitePackages = async (environment: PythonEnvironment, signal?: AbortSignal): Promise<string> => {
  const script = "import sysconfig; print(sysconfig.get_path('purelib'))"
  return (await runProgram(environment.python, ["-c", script], { signal })).stdout.trim()
}

const pythonVersion = async (signal?: AbortSignal): Promise<string> => {
  if (process.platform === "win32")
    throw new RoadmapError("PROGRAM_MISSING", "The engines start natively on Linux and macOS only.", {
      hint: "Use the Windows Subsystem for Linux, or start Docker: its Compose brings all.",
    })
  const script = "import sys; print('%d.%d.%d' % sys.version_info[:3])"
  const { status, stdout, stderr } = await runProgram("python3", ["-c", script], {
    signal,
    timeoutMs: 60_000,
  })
  const version = stdout.trim()
  const [major, minor] = version.split(".").map(Number)
  if (status !== 0) throw missing("python3", undefined, `broken: ${lastLine(stderr)}`)
  if (major !== 3 || minor < oldestMinor) throw missing("python3", undefined, `Python ${version}`)
  return version
}

const makeEnvironment = async (folder: string, signal?: AbortSignal): Promise<void> => {
  const { status, stdout, stderr } = await runProgram("python3", ["-m", "venv", folder], { signal })
  if (status === 0 && existsSync(join(folder, "bin", "pip"))) return
  // Debian and Ubuntu keep this module in a package of its own.
  throw new RoadmapError(
    "PROGRAM_MISSING",
    `python3 cannot make virtual environments: ${lastLine(`${stdout}${stderr}`)}`,
    {
      hint: "Debian or Ubuntu: apt-get install python3-venv; elsewhere install Python with its venv module.",
    },
  )
}

const pipError = (purpose: string, stderr: string): RoadmapError => {
  const said = stderr.split("\n").filter(line => /^\s*ERROR/.test(line))
  const message = said[0]?.replace(/^\s*ERROR:\s*/, "") ?? lastLine(stderr)
  if (/do not match the hashes/i.test(stderr))
    return new RoadmapError(
      "FILE_CORRUPT",
      `A package of ${purpose} is not the one that was pinned: ${message}`,
      {
        hint: "The package index or a proxy in between serves other files; nothing was installed.",
      },
    )
  if (/no space left/i.test(stderr))
    return new RoadmapError("DISK_FULL", `No space to install ${purpose}.`, {
      hint: "Free space, then run the same command again.",
    })
  return new RoadmapError("UNREACHABLE", `pip could not install ${purpose}: ${message}`, {
    hint: "Check the network and pip's settings, then run the same command again.",
    retryable: true,
  })
}

const packagesOf = (lines: string): string[] =>
  lines.split("\n").flatMap(line => /^([\w.[\]-]+)==/.exec(line)?.[1] ?? [])

const contentOf = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8")
  } catch {
    return undefined
  }
}
