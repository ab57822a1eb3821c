import { mkdtemp, readFile, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { toRoadmapError } from "@roadmap/core/errors"
import { canonicalJson } from "@roadmap/core/hash"
import type { DrillDefinition, DrillPlace, Recovery } from "../drills/drill.ts"
import { createPlace } from "../drills/place.ts"
import { loadDrill } from "../drills/session.ts"
import type { LearningEntry } from "../exercises/catalog.ts"
import type { GateResult } from "./result.ts"

/** The author's gate over one drill: the fault shows, is repeatable, the right recovery passes and no wrong one does. */
export const gateDrill = async (
  root: string,
  entry: LearningEntry,
  signal: AbortSignal,
): Promise<GateResult> => {
  const started = performance.now()
  const problems: string[] = []
  try {
    const drill = await loadDrill(entry)
    problems.push(...(await gateBrief(entry, drill)))
    if (Object.keys(drill.causes).length < 3)
      problems.push("causes: at least three are wanted, or there is nothing to find out")
    const wrong = Object.entries(drill.recoveries.wrong)
    if (wrong.length === 0)
      problems.push("recoveries.wrong is empty: at least one recovery that must not pass is wanted")
    const trial = (recovery: Recovery) => inBrokenCopy(root, entry, drill, signal, recovery)

    const right = await trial(drill.recoveries.right)
    if (right.before.passed) problems.push("the grade passes before any recovery: the fault is not seen")
    if (!right.after.passed) problems.push(`the right recovery does not pass: ${right.after.found}`)
    for (const [name, recovery] of wrong) {
      const { before, after } = await trial(recovery)
      if (after.passed) problems.push(`the wrong recovery "${name}" passes`)
      if (before.state !== right.before.state)
        problems.push(`two copies of one seed differ: ${shortDifference(before.state, right.before.state)}`)
    }
  } catch (error) {
    problems.push(toRoadmapError(error).message)
  }
  return { id: entry.id, problems, seconds: Math.round(performance.now() - started) / 1000 }
}

const gateBrief = async (entry: LearningEntry, drill: DrillDefinition<unknown>): Promise<string[]> => {
  const brief = await readFile(join(entry.folder, "brief.md"), "utf8").catch(() => "")
  if (brief.trim() === "") return ["brief.md is missing or empty"]
  const tells = brief.toLowerCase().includes(drill.causes[drill.cause].toLowerCase())
  return tells ? [`brief.md names the cause: "${drill.causes[drill.cause]}"`] : []
}

interface Judged {
  passed: boolean
  /** The state as canonical JSON. */
  state: string
  /** The first grade that did not pass. */
  found: string
}

const inBrokenCopy = async (
  root: string,
  entry: LearningEntry,
  drill: DrillDefinition<unknown>,
  signal: AbortSignal,
  recovery: Recovery,
): Promise<{ before: Judged; after: Judged }> => {
  const home = await mkdtemp(join(tmpdir(), `drill-${entry.name}-`))
  const makePlace = () => createPlace({ root, home, name: entry.name, seed: drill.seed ?? 1, signal })
  try {
    const place = makePlace()
    await drill.prepare(place)
    await drill.break(place)
    const before = await judgeState(drill, makePlace())
    await recovery(makePlace())
    return { before, after: await judgeState(drill, makePlace()) }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

const judgeState = async (drill: DrillDefinition<unknown>, place: DrillPlace): Promise<Judged> => {
  const state = await drill.observe(place)
  const grades = drill.grade(state)
  const failed = grades.find(grade => !grade.passed)
  return {
    passed: grades.length > 0 && !failed,
    state: canonicalJson(state),
    found: failed ? `${failed.what}: ${failed.found}` : "no grades",
  }
}

const shortDifference = (a: string, b: string): string => {
  let at = 0
  while (a[at] === b[at]) at++
  const from = Math.max(0, at - 30)
  return `"…${a.slice(from, at + 40)}" and "…${b.slice(from, at + 40)}"`
}
