import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { findLabs } from "../src/catalog.ts"
import { findDrills, findExercises, type LearningEntry, resolveEntry } from "../src/exercises/catalog.ts"

export interface FixtureRepository extends Disposable {
  root: string
  home: string
  exercise(word: string): Promise<LearningEntry>
  drill(word: string): Promise<LearningEntry>
  /** Writes a file below the root and returns its path. */
  write(name: string, content: string): string
}

/** A repository of one tiny month in a temporary folder, whose packages are the real ones. */
export const makeRepository = (): FixtureRepository => {
  const root = mkdtempSync(join(tmpdir(), "roadmap-fixture-"))
  cpSync(join(import.meta.dirname, "..", "test", "fixtures", "labs"), join(root, "labs"), { recursive: true })
  mkdirSync(join(root, "node_modules", "@roadmap"), { recursive: true })
  for (const name of ["core", "labkit"])
    symlinkSync(
      join(import.meta.dirname, "..", "..", name),
      join(root, "node_modules", "@roadmap", name),
      "junction",
    )
  const write = (name: string, content: string) => {
    const path = join(root, name)
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, content)
    return path
  }
  write("package.json", '{ "type": "module" }\n')
  return {
    root,
    home: join(root, ".roadmap"),
    write,
    exercise: async word => resolveEntry(await findExercises(await findLabs(root)), word, "exercise"),
    drill: async word => resolveEntry(await findDrills(await findLabs(root)), word, "drill"),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}
