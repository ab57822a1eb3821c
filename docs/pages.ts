/**
 * `pnpm pages [--check]`: brings the labs' Markdown up to date.
 * - A code block below `<!-- region: path#name -->` is that region of a tested file (`// #region name` to `// #endregion`).
 * - learnings.md is what the last `roadmap run <month>` on all rows wrote; months that were not run are left alone.
 * With --check nothing is written: pages that differ are named and the exit code is 1.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs"
import { basename, dirname, join, relative } from "node:path"
import { parseArgs } from "node:util"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"

const root = join(import.meta.dirname, "..")

/** Markdown with every marked code block filled from its file. Throws INVALID_INPUT for a region that is not there. */
export const fillRegions = (markdown: string, folder: string): string =>
  markdown.replace(
    /(<!-- region: (\S+)#(\S+) -->\n```ts\n)[\s\S]*?(```)/g,
    (_all, head: string, path: string, name: string, tail: string) =>
      `${head}${regionOf(join(folder, path), name)}\n${tail}`,
  )

const regionOf = (path: string, name: string): string => {
  const lines = readFileSync(path, "utf8").split("\n")
  const start = lines.findIndex(line => line.trim() === `// #region ${name}`)
  const end = lines.findIndex((line, i) => i > start && line.trim() === "// #endregion")
  if (start < 0 || end < 0)
    throw new RoadmapError("INVALID_INPUT", `${relative(root, path)} has no region "${name}".`)
  const body = lines.slice(start + 1, end)
  const indent = Math.min(...body.filter(line => line.trim()).map(line => line.search(/\S/)))
  return body.map(line => line.slice(indent)).join("\n")
}

/** Every page with the content it should have. */
export const expectedPages = (home: string): { path: string; content: string }[] => {
  const pages = globSync("labs/*/*.md", { cwd: root }).map(path => join(root, path))
  return pages.map(path => {
    const month = /^\d{4}-\d{2}/.exec(basename(dirname(path)))![0]
    const made = join(home, "reports", month, basename(path))
    const content =
      basename(path) === "learnings.md" && existsSync(made)
        ? readFileSync(made, "utf8")
        : readFileSync(path, "utf8")
    return { path, content: fillRegions(content, dirname(path)) }
  })
}

const main = (): void => {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } })
  const stale = expectedPages(loadConfig().home).filter(
    ({ path, content }) => readFileSync(path, "utf8") !== content,
  )
  for (const { path, content } of stale) {
    if (!values.check) writeFileSync(path, content)
    console.log(`${values.check ? "differs" : "written"}: ${relative(root, path)}`)
  }
  if (values.check && stale.length > 0) process.exitCode = 1
}

if (import.meta.main) {
  try {
    main()
  } catch (error) {
    const known = toRoadmapError(error)
    console.error(`✖ ${known.code}: ${known.message}`)
    process.exitCode = known.exitCode
  }
}
