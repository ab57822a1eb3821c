import { RoadmapError } from "@roadmap/core/errors"
import { z } from "zod"
import type { SourceIdentity } from "./source.ts"

/** What a job is: two runs with equal jobs are one job. */
export interface Job {
  readonly format: 1
  readonly model: { readonly name: string; readonly version: number; readonly digest: string }
  readonly source: SourceIdentity
  readonly keep: readonly string[]
  readonly partitionRows: number
}

export interface ReasonCount {
  readonly reason: string
  readonly rows: number
}

/** A scored partition: its row range of the source, and the files that hold what became of the rows. */
export interface DonePartition {
  readonly partition: number
  readonly from: number
  readonly to: number
  /** Rows with a prediction, in `file`. */
  readonly rows: number
  readonly file: string
  readonly bytes: number
  readonly sha256: string
  /** Of the model that scored it. */
  readonly modelVersion: number
  /** Rows without a prediction, in `rejects.file`. */
  readonly rejected: number
  readonly reasons: readonly ReasonCount[]
  readonly rejects?: { readonly file: string; readonly bytes: number; readonly sha256: string }
}

/** `manifest.json` of a finished output: every row of the source is in one of these files, once. */
export interface Manifest extends Job {
  readonly createdAt: string
  readonly rows: number
  readonly scored: number
  readonly rejected: number
  readonly reasons: readonly ReasonCount[]
  readonly partitions: readonly DonePartition[]
}

const jobShape = {
  format: z.literal(1),
  model: z.object({ name: z.string(), version: z.int(), digest: z.string() }),
  source: z.object({
    kind: z.enum(["table", "sql", "files"]),
    name: z.string(),
    fingerprints: z.record(z.string(), z.string()),
  }),
  keep: z.array(z.string()),
  partitionRows: z.int(),
}
export const jobSchema: z.ZodType<Job> = z.object(jobShape)

const reasons = z.array(z.object({ reason: z.string(), rows: z.int() }))
const part = { file: z.string(), bytes: z.int(), sha256: z.string() }
export const doneSchema: z.ZodType<DonePartition> = z.object({
  partition: z.int(),
  from: z.int(),
  to: z.int(),
  rows: z.int(),
  ...part,
  modelVersion: z.int(),
  rejected: z.int(),
  reasons,
  rejects: z.object(part).optional(),
})
export const manifestSchema: z.ZodType<Manifest> = z.object({
  ...jobShape,
  createdAt: z.string(),
  rows: z.int(),
  scored: z.int(),
  rejected: z.int(),
  reasons,
  partitions: z.array(doneSchema),
})

export const manifestOf = (job: Job, partitions: readonly DonePartition[]): Manifest => {
  const sum = (count: (done: DonePartition) => number) =>
    partitions.reduce((total, done) => total + count(done), 0)
  const scored = sum(({ rows }) => rows)
  const rejected = sum(done => done.rejected)
  return {
    ...job,
    createdAt: new Date().toISOString(),
    rows: scored + rejected,
    scored,
    rejected,
    reasons: joinReasons(partitions.map(done => done.reasons)),
    partitions,
  }
}

/** Counts added by reason, the most frequent first; at most 50. */
export const joinReasons = (lists: readonly (readonly ReasonCount[])[]): ReasonCount[] => {
  const counts = new Map<string, number>()
  for (const { reason, rows } of lists.flat()) counts.set(reason, (counts.get(reason) ?? 0) + rows)
  return [...counts]
    .map(([reason, rows]) => ({ reason, rows }))
    .sort((a, b) => b.rows - a.rows || (a.reason < b.reason ? -1 : 1))
    .slice(0, 50)
}

/** Refuses to go on with a job that is not the one that was begun in this folder. Throws IMMUTABLE, naming the difference. */
export const checkSameJob = (folder: string, begun: Job, now: Job): void => {
  const difference = differenceOf(begun, now)
  if (difference === undefined) return
  throw new RoadmapError("IMMUTABLE", `${folder} holds another job: ${difference}.`, {
    hint: "Give another output folder, or delete this one to score everything anew.",
  })
}

const differenceOf = (begun: Job, now: Job): string | undefined => {
  const uri = ({ model }: Job) => `models:/${model.name}/${model.version}`
  if (uri(begun) !== uri(now)) return `it was begun with ${uri(begun)}, and this is ${uri(now)}`
  if (begun.model.digest !== now.model.digest) return `${uri(now)} has other files than when it was begun`
  if (begun.source.kind !== now.source.kind || begun.source.name !== now.source.name)
    return `it scores ${described(begun.source)}, and this is ${described(now.source)}`
  const parts = new Set([...Object.keys(begun.source.fingerprints), ...Object.keys(now.source.fingerprints)])
  for (const part of parts) {
    const [was, is] = [begun.source.fingerprints[part], now.source.fingerprints[part]]
    if (was !== is) return changed(now.source, part, was, is)
  }
  if (begun.keep.join() !== now.keep.join())
    return `it keeps the columns ${begun.keep.join(", ") || "(none)"}, and this keeps ${now.keep.join(", ") || "none"}`
  if (begun.partitionRows !== now.partitionRows)
    return `its partitions have ${begun.partitionRows} rows, and these ${now.partitionRows}`
  return undefined
}

const described = ({ kind, name }: SourceIdentity): string =>
  kind === "table" ? `the table ${name}` : kind === "files" ? `the files ${name}` : `the statement ${name}`

const changed = ({ kind }: SourceIdentity, part: string, was?: string, is?: string): string => {
  const rows = (text: string) => text.split(",")[0]
  if (kind === "files")
    return `the file ${part} ${was === undefined ? "is new" : is === undefined ? "is no longer given" : "has changed"} since it was begun`
  return `the rows of ${kind === "table" ? `the table ${part}` : "the statement"} have changed since it was begun (${rows(was ?? "none")} then, ${rows(is ?? "none")} now)`
}
