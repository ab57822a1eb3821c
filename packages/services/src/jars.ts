import { existsSync } from "node:fs"
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join, resolve } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { writeFileAtomic } from "@roadmap/core/files"
import { sha256, sha256File } from "@roadmap/core/hash"
import { takeTurns } from "./lock.ts"
import { lastLine, needJava, runProgram } from "./programs.ts"

export interface JarOptions {
  /** `group:artifact:version`, as Maven writes it. */
  coordinates: readonly string[]
  /** Lines `<sha256>  <file name>` of every jar that must result. */
  checksumFile: string
  /** The jars come to `jars-<hash>` below this folder. */
  folder: string
  /** Only the named ones, without what they depend on. */
  withoutDependencies?: boolean
  signal?: AbortSignal
  onProgress?: (line: string) => void
}

/**
 * Fetches jars by Maven, once, and checks each against its pinned hash. Returns their folder. Throws PROGRAM_MISSING
 * (java, mvn), UNREACHABLE when Maven fails, FILE_CORRUPT when a jar is missing, unexpected or another one.
 */
export const prepareJars = async (options: JarOptions): Promise<string> => {
  const { coordinates, signal, onProgress } = options
  const pinned = await readFile(options.checksumFile, "utf8")
  const folder = resolve(
    options.folder,
    `jars-${sha256(`${coordinates.join("\n")}\n${pinned}`).slice(0, 12)}`,
  )
  const marker = join(folder, "complete")
  const jars = join(folder, "lib")
  await needJava(signal)
  if (existsSync(marker)) return jars
  using _lock = await takeTurns(`${folder}.lock`, { signal })
  if (existsSync(marker)) return jars
  await rm(folder, { recursive: true, force: true })
  await mkdir(jars, { recursive: true })
  onProgress?.(`Fetching ${coordinates.join(", ")} by Maven`)
  await fetchJars(folder, jars, options)
  await checkJars(jars, pinned)
  await writeFileAtomic(marker, "")
  return jars
}

/** Copies the jars of these coordinates into a folder, whatever they are. */
export const fetchJars = async (
  folder: string,
  jars: string,
  { coordinates, withoutDependencies, signal, onProgress }: Omit<JarOptions, "checksumFile" | "folder">,
): Promise<void> => {
  await writeFile(join(folder, "pom.xml"), pomOf(coordinates))
  const { status, stdout, stderr } = await runProgram(
    "mvn",
    [
      // Try again what could not be fetched the last time, which Maven remembers for a day.
      ...["--batch-mode", "--quiet", "--update-snapshots", "-Dstyle.color=never"],
      "-f",
      join(folder, "pom.xml"),
      `org.apache.maven.plugins:maven-dependency-plugin:${pluginVersion}:copy-dependencies`,
      `-DoutputDirectory=${jars}`,
      `-DexcludeTransitive=${withoutDependencies === true}`,
      "-DincludeScope=runtime",
    ],
    { signal, onTick: seconds => onProgress?.(`Fetching ${coordinates[0]}: ${seconds} s`) },
  )
  if (status === 0) return
  const said = stdout.split("\n").find(line => line.includes("ERROR")) ?? lastLine(`${stdout}${stderr}`)
  throw new RoadmapError("UNREACHABLE", `Maven could not fetch ${coordinates.join(", ")}: ${said.trim()}`, {
    hint: "Check the network and Maven's settings, then run the same command again.",
    retryable: true,
  })
}

/** `<sha256>  <name>` of every file of a folder, by name: the format of sha256sum(1). */
export const checksumsOf = async (folder: string): Promise<string> => {
  const names = (await readdir(folder)).sort()
  const lines = await Promise.all(names.map(async name => `${await sha256File(join(folder, name))}  ${name}`))
  return `${lines.join("\n")}\n`
}

const pluginVersion = "3.8.1"

const checkJars = async (jars: string, pinned: string): Promise<void> => {
  const [expected, found] = [pinned, await checksumsOf(jars)].map(text => text.trim().split("\n"))
  const wrong = [
    ...found.filter(line => !expected.includes(line)),
    ...expected.filter(line => !found.includes(line)),
  ].map(line => line.slice(66))
  if (wrong.length === 0) return
  throw new RoadmapError("FILE_CORRUPT", `Not the pinned jars: ${[...new Set(wrong)].join(", ")}.`, {
    hint: "The Maven repository or a proxy in between serves other files; nothing of it was used.",
  })
}

const pomOf = (coordinates: readonly string[]): string => `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>roadmap</groupId>
  <artifactId>jars</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
${coordinates
  .map(coordinate => {
    const [group, artifact, version] = coordinate.split(":")
    return `    <dependency><groupId>${group}</groupId><artifactId>${artifact}</artifactId><version>${version}</version></dependency>`
  })
  .join("\n")}
  </dependencies>
</project>
`
