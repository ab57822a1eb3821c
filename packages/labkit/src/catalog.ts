import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { RoadmapError } from "@roadmap/core/errors"
import { nearest } from "@roadmap/core/names"
import type { Lab } from "./lab.ts"

/** A lab as its folder tells it, before any of its code is loaded. */
export interface LabEntry {
  /** "2026-02" */
  month: string
  /** "feb" */
  short: string
  /** "foundations" */
  name: string
  title: string
  folder: string
}

const shortNames = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
const folderPattern = /^(\d{4}-(\d{2}))-([a-z0-9-]+)$/

/** The labs below `root/labs`, in order of month. Reads folder names and package.json only. */
export const findLabs = async (root: string): Promise<LabEntry[]> => {
  const folders = (await readdir(join(root, "labs"))).filter(name => folderPattern.test(name)).sort()
  return Promise.all(
    folders.map(async folderName => {
      const [, month, number, name] = folderPattern.exec(folderName)!
      const folder = join(root, "labs", folderName)
      const { description } = JSON.parse(await readFile(join(folder, "package.json"), "utf8"))
      return { month, short: shortNames[Number(number) - 1], name, title: description, folder }
    }),
  )
}

/** Finds a lab by `feb`, `2026-02`, `foundations` or its folder's name. Throws UNKNOWN_NAME with the nearest name. */
export const resolveMonth = (labs: readonly LabEntry[], word: string): LabEntry => {
  const wanted = word.toLowerCase()
  const found = labs.find(
    lab =>
      wanted === lab.short ||
      wanted === lab.month ||
      wanted === lab.name ||
      wanted === `${lab.month}-${lab.name}`,
  )
  if (found) return found
  const guess = nearest(
    wanted,
    labs.flatMap(lab => [lab.short, lab.month, lab.name]),
  )
  throw new RoadmapError("UNKNOWN_NAME", `There is no month "${word}".`, {
    hint: guess
      ? `Did you mean "${guess}"?`
      : `Months: ${labs.map(lab => `${lab.short} (${lab.month}, ${lab.name})`).join("; ")}.`,
  })
}

export const loadLab = async (entry: LabEntry): Promise<Lab> => {
  const module = await import(pathToFileURL(join(entry.folder, "src", "lab.ts")).href)
  return module.default as Lab
}
