import { spawn } from "node:child_process"
import { readFile } from "node:fs/promises"
import { join, relative } from "node:path"
import { readChain } from "@roadmap/labkit/evidence/chain"
import { hashAnswer } from "@roadmap/labkit/evidence/learned"
import { drillProblems, metricsOfRun } from "@roadmap/labkit/evidence/progress"
import type { EvidenceRecord } from "@roadmap/labkit/evidence/record"
import type { LearningEntry } from "@roadmap/labkit/exercises/catalog"
import { judge } from "@roadmap/labkit/exercises/verdict"
import { answerPath, isStarted } from "@roadmap/labkit/exercises/workbook"
import { mapPool } from "@roadmap/labkit/pool"
import type { CommandContext } from "../context.ts"
import type { Learning } from "./catalog.ts"
import { generatedNames, progressFiles, progressFolder, publishedEvidence } from "./progress-files.ts"

/** Something that docs/progress claims and that does not hold. */
export interface Mismatch {
  /** Relative to the repository. */
  file: string
  /** 1-based; undefined when it is about the whole file. */
  line?: number
  what: string
}

export interface Verification {
  mismatches: Mismatch[]
  /** How much was done again. */
  checked: { pages: number; answers: number; runs: number }
}

/** Metrics of a second run may differ by this much of themselves: sums in another order. */
const relativeTolerance = 1e-6

/** What a month gives when it is run again. */
export interface RanAgain {
  metrics: Record<string, number>
  /** Those that measure the machine: they must be there, with whatever value. The code says which, not the evidence. */
  measured?: readonly string[]
  /** By how much some may differ, by name. The code says how much, not the evidence. */
  tolerances?: Record<string, number>
}

/** Runs a month again, or says why it cannot. */
export type RunAgain = (month: string, sample: number, seed: number) => Promise<RanAgain | string>

/**
 * Does again what docs/progress claims: the chain of its evidence, the pages that follow from it, the answers that it
 * says have passed, the metrics of each month's last run, the times of its drills.
 */
export const verifyProgress = async (
  context: CommandContext,
  learning: Learning,
  runAgain: RunAgain,
): Promise<Verification> => {
  const { root } = context
  const text = await publishedEvidence(root)
  const chain = readChain(text)
  const evidenceFile = relative(root, join(progressFolder(root), "evidence.jsonl"))
  const inEvidence = ({ line, what }: { line: number; what: string }): Mismatch => ({
    file: evidenceFile,
    line,
    what,
  })

  const files = await progressFiles(learning, text, chain)
  const answers = lastChecks(chain.records).filter(({ record }) => record.result.status === "passed")
  const runs = lastRuns(chain.records)
  const mismatches = [
    ...chain.problems.map(inEvidence),
    ...(await pageMismatches(root, files)),
    ...drillProblems(chain.records).map(inEvidence),
    ...(await mapPool(answers, 2, claim => answerMismatches(context, learning, claim)))
      .flat()
      .map(inEvidence),
  ]
  for (const claim of runs) mismatches.push(...(await runMismatches(claim, runAgain)).map(inEvidence))
  return { mismatches, checked: { pages: files.size, answers: answers.length, runs: runs.length } }
}

interface Claim {
  record: EvidenceRecord
  line: number
}

const lastOf = (claims: readonly Claim[]): Claim[] => [
  ...new Map(claims.map(claim => [`${claim.record.month}/${claim.record.id}`, claim])).values(),
]

const lastChecks = (claims: readonly Claim[]) =>
  lastOf(claims.filter(({ record }) => record.kind === "check"))
const lastRuns = (claims: readonly Claim[]) =>
  lastOf(claims.filter(({ record }) => record.kind === "run" && record.result.status === "done"))

const pageMismatches = async (root: string, files: ReadonlyMap<string, string>): Promise<Mismatch[]> => {
  const folder = progressFolder(root)
  const mismatches: Mismatch[] = []
  for (const [name, wanted] of files) {
    const file = relative(root, join(folder, name))
    const found = await readFile(join(folder, name), "utf8").catch(() => undefined)
    if (found === undefined) mismatches.push({ file, what: "is missing" })
    else if (found !== wanted) mismatches.push({ file, ...firstDifference(found, wanted) })
  }
  for (const name of await generatedNames(folder))
    if (!files.has(name))
      mismatches.push({ file: relative(root, join(folder, name)), what: "does not follow from the evidence" })
  return mismatches
}

const firstDifference = (found: string, wanted: string): { line: number; what: string } => {
  const [a, b] = [found.split("\n"), wanted.split("\n")]
  let index = 0
  while (a[index] === b[index]) index++
  const quote = (line: string | undefined) =>
    line === undefined ? "nothing" : `"${line.trim().slice(0, 100)}"`
  return { line: index + 1, what: `reads ${quote(a[index])}; the evidence yields ${quote(b[index])}` }
}

const answerMismatches = async (context: CommandContext, learning: Learning, { record, line }: Claim) => {
  const name = `${record.month}/${record.id}`
  const exercise: LearningEntry | undefined = learning.exercises.find(
    one => one.lab.month === record.month && one.name === record.id,
  )
  if (!exercise) return [{ line, what: `claims that ${name} was passed, which is no exercise` }]
  const file = answerPath(context.root, exercise)
  if (!(await isStarted(context.root, exercise)))
    return [{ line, what: `claims that ${name} was passed, but ${relative(context.root, file)} is missing` }]
  if ((await hashAnswer(file)) !== record.code)
    return [
      {
        line,
        what: `claims that ${name} was passed with another answer than ${relative(context.root, file)} holds: check it again`,
      },
    ]
  const verdict = await judge(exercise, file, { signal: context.signal })
  if (verdict.status === "passed") return []
  return [
    {
      line,
      what: `claims that ${name} was passed; checked again it fails: ${verdict.message.split("\n")[0]}`,
    },
  ]
}

const runMismatches = async ({ record, line }: Claim, runAgain: RunAgain) => {
  const { seed, sample } = record.result as { seed: number; sample: number }
  const { metrics } = metricsOfRun(record)
  const again = await runAgain(record.month, sample, seed)
  if (typeof again === "string")
    return [{ line, what: `claims a run of ${record.month}, which cannot be done again: ${again}` }]
  const { metrics: now, measured = [], tolerances = {} } = again
  const names = [...new Set([...Object.keys(metrics), ...Object.keys(now)])].sort()
  return names.flatMap(name => {
    if (now[name] === undefined)
      return [{ line, what: `claims ${name} = ${metrics[name]}; run again there is no such metric` }]
    if (metrics[name] === undefined)
      return [{ line, what: `does not have ${name}, which is ${now[name]} when run again` }]
    if (measured.includes(name)) return []
    const allowed = tolerances[name] ?? relativeTolerance * Math.abs(now[name])
    const close = Math.abs(metrics[name] - now[name]) <= 1e-9 + allowed
    return close ? [] : [{ line, what: `claims ${name} = ${metrics[name]}; run again it is ${now[name]}` }]
  })
}

/** `roadmap run` in a process of its own: finished steps are taken from this home, missing ones are run. */
export const runAgainByCommand =
  (context: CommandContext): RunAgain =>
  async (month, sample, seed) => {
    const command = join(context.root, "packages", "cli", "bin", "roadmap.js")
    const args = [command, "run", month, "--sample", String(sample), "--seed", String(seed), "--json"]
    const child = spawn(process.execPath, args, {
      cwd: context.root,
      env: { ROADMAP_HOME: context.config.home },
      stdio: ["ignore", "pipe", "inherit"],
      signal: context.signal,
    })
    let stdout = ""
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      stdout += text
    })
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on("error", reject)
      child.on("close", resolve)
    })
    const parsed = parse(stdout)
    const lab = parsed?.labs?.find(one => one.month === month)
    if (code === 0 && lab?.status === "done")
      return { metrics: lab.metrics, measured: lab.measured, tolerances: lab.tolerances }
    return (
      parsed?.error?.message ?? lab?.error?.message ?? `roadmap run ${month} ended with exit code ${code}`
    )
  }

interface RunDocument {
  labs?: {
    month: string
    status: string
    metrics: Record<string, number>
    measured?: string[]
    tolerances?: Record<string, number>
    error?: { message: string }
  }[]
  error?: { message: string }
}

const parse = (text: string): RunDocument | undefined => {
  try {
    return JSON.parse(text) as RunDocument
  } catch {
    return undefined
  }
}
