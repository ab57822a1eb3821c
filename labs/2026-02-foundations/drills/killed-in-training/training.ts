import { spawn } from "node:child_process"
import { rmSync } from "node:fs"
import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { DrillPlace } from "@roadmap/labkit/drills/drill"
import { createRecordStore, type OutcomeRecord } from "@roadmap/labkit/records"

/** Last week's run and tonight's: one flight in so many. */
export const lastWeek = 800
export const tonight = 500

/** What is known of the two nights, kept in the drill's home folder. */
export interface Expected {
  /** Of tonight's run when nothing disturbs it. */
  metrics: Record<string, number>
  /** Models of which that run registers a version. */
  tonight: string[]
  /** Models of which last week's run registered a version. */
  lastWeek: string[]
}

export const expectedPath = (home: string): string => join(home, "expected.json")

export const run = async (place: DrillPlace, sample: number, ...flags: string[]): Promise<void> => {
  const { exitCode, stderr } = await place.roadmap("run", "feb", "--sample", String(sample), ...flags)
  if (exitCode !== 0) throw new Error(`roadmap run feb --sample ${sample} ended with ${exitCode}: ${stderr}`)
}

/** Starts tonight's run, which is killed while it stores its n-th model. */
export const runUntilKilled = async (place: DrillPlace, model: number): Promise<void> => {
  const preload = pathToFileURL(join(import.meta.dirname, "kill-at-model.ts"))
  preload.searchParams.set("model", String(model))
  const { end, stderr } = await start(place, place.home, tonight, ["--import", preload.href])
  if (end !== "SIGKILL")
    throw new Error(`The run was to be killed at model ${model}, but it ended with ${end}: ${stderr}`)
}

/**
 * A home folder as it was before tonight, to be copied. Made once a process, since it is the same for every copy: a run of
 * last week's, and apart from it a whole run of tonight's for its metrics. Removed when the process ends.
 */
export const homeBeforeTonight = (place: DrillPlace): Promise<string> => {
  made ??= makeHome(place).catch(error => {
    made = undefined
    throw error
  })
  return made
}
let made: Promise<string> | undefined

const makeHome = async (place: DrillPlace): Promise<string> => {
  const home = await mkdtemp(join(tmpdir(), "feb-last-week-"))
  const apart = await mkdtemp(join(tmpdir(), "feb-undisturbed-"))
  process.once("exit", () => rmSync(home, { recursive: true, force: true }))
  try {
    for (const { end, stderr } of await Promise.all([
      start(place, home, lastWeek),
      start(place, apart, tonight),
    ]))
      if (end !== 0) throw new Error(`A run before tonight ended with ${end}: ${stderr}`)
    const [before, undisturbed] = [await outcomeOf(home), await outcomeOf(apart)]
    const expected: Expected = {
      metrics: undisturbed.metrics,
      tonight: registeredIn(undisturbed),
      lastWeek: registeredIn(before),
    }
    if (expected.tonight.length === 0) throw new Error(`Nothing is registered from one flight in ${tonight}.`)
    await writeFile(expectedPath(home), `${JSON.stringify(expected, null, 2)}\n`)
    return home
  } finally {
    await rm(apart, { recursive: true, force: true })
  }
}

const outcomeOf = async (home: string): Promise<OutcomeRecord> => {
  const outcome = await createRecordStore(home, "2026-02").readOutcome()
  if (!outcome) throw new Error(`${home} has no outcome.`)
  return outcome
}

const registeredIn = ({ artifacts }: OutcomeRecord): string[] =>
  Object.keys(artifacts).flatMap(name => (name.startsWith("model/") ? [name.slice("model/".length)] : []))

/** Runs `roadmap run feb` in that home folder; `end` is its exit code or the signal that ended it. */
const start = (
  { root, signal }: DrillPlace,
  home: string,
  sample: number,
  nodeFlags: readonly string[] = [],
): Promise<{ end: number | NodeJS.Signals | null; stderr: string }> =>
  new Promise((resolve, reject) => {
    const command = join(root, "packages", "cli", "bin", "roadmap.js")
    const child = spawn(process.execPath, [...nodeFlags, command, "run", "feb", "--sample", String(sample)], {
      cwd: root,
      env: { ROADMAP_HOME: home, NO_COLOR: "1", CI: "1" },
      stdio: ["ignore", "ignore", "pipe"],
      signal,
    })
    let stderr = ""
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      stderr += text
    })
    child.on("error", reject)
    child.on("close", (code, killed) => resolve({ end: killed ?? code, stderr }))
  })
