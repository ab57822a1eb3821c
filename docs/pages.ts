/**
 * `pnpm pages [--check]`: brings the labs' Markdown up to date.
 * - A code block below `<!-- region: path#name -->` is that region of a tested file (`// #region name` to `// #endregion`).
 * - learnings.md and plots/*.svg are what the last `roadmap run <month>` on all rows wrote; months not run stay.
 * With --check nothing is written: pages that differ are named and the exit code is 1.
 */
import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs"
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

/** Every page and plot of the labs with the content it should have. */
export const expectedPages = (home: string): { path: string; content: string }[] =>
  globSync("labs/*/package.json", { cwd: root }).flatMap(manifest => {
    const folder = join(root, dirname(manifest))
    const made = join(home, "reports", /^\d{4}-\d{2}/.exec(basename(folder))![0])
    const pages = globSync("*.md", { cwd: folder }).map(name => ({
      path: join(folder, name),
      content: fillRegions(readFileSync(join(folder, name), "utf8"), folder),
    }))
    const written = globSync(["learnings.md", "plots/*.svg"], { cwd: made }).map(name => ({
      path: join(folder, name),
      content: readFileSync(join(made, name), "utf8"),
    }))
    return [...pages.filter(page => !written.some(each => each.path === page.path)), ...written]
  })

const main = (): void => {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } })
  const stale = expectedPages(loadConfig().home).filter(
    ({ path, content }) => !existsSync(path) || readFileSync(path, "utf8") !== content,
  )
  for (const { path, content } of stale) {
    if (!values.check) {
      mkdirSync(dirname(path), { recursive: true })
      writeFileSync(path, content)
    }
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
