import { defineCheck } from "@roadmap/labkit/exercises/check"
import type { Batch, default as harness } from "./harness.ts"
import type { Partition } from "./solution.ts"

const three: Partition[] = [
  { id: "p0", rows: [2, 4] },
  { id: "p1", rows: [6] },
  { id: "p2", rows: [8, 10, 12] },
]
const batch = (changes: Partial<Batch> = {}): Batch => ({
  model: "flight-late/4",
  before: {},
  kill: true,
  ...changes,
})
const file = (scores: number[], model = "flight-late/4") => JSON.stringify({ model, scores })
const clean = { wrongAfterKill: 0, halfFiles: 0, lostWork: 0, leftOver: 0 }

export default defineCheck<ReturnType<typeof harness>>({
  answer: "scoreBatch",
  // What a batch that is never killed leaves.
  reference: (partitions, { model, before }) => {
    const done: Record<string, unknown> = {}
    for (const [name, text] of Object.entries(before))
      if (name.startsWith("done/")) done[name.slice(5)] = JSON.parse(text)
    for (const { id, rows } of partitions) done[`${id}.json`] ??= { model, scores: rows.map(row => row / 2) }
    return { done: Object.fromEntries(Object.entries(done).sort(([a], [b]) => (a < b ? -1 : 1))), ...clean }
  },
  cases: ({ random }) => [
    {
      name: "three partitions, not killed",
      args: [three, batch({ kill: false })],
      expect: {
        done: {
          "p0.json": { model: "flight-late/4", scores: [1, 2] },
          "p1.json": { model: "flight-late/4", scores: [3] },
          "p2.json": { model: "flight-late/4", scores: [4, 5, 6] },
        },
        ...clean,
      },
    },
    {
      name: "three partitions, killed in every call in turn",
      args: [three, batch()],
      because:
        "a reader finds whole files at any moment, and a kill costs the scoring of the partition it hits, no other.",
    },
    {
      name: "the second of three is done already, and is of this model",
      args: [three, batch({ before: { "done/p1.json": file([3]) } })],
      because: "which partitions are done is told by their names, not by their number.",
    },
    {
      name: "half a file of an earlier start below tmp/",
      args: [
        three,
        batch({
          before: { "tmp/p0.json": file([1, 2]).slice(0, 20), "tmp/p9.json": "{", "tmp/progress": "2" },
        }),
      ],
      because: "what lies below tmp/ was not finished, and is gone at the end.",
    },
    {
      name: "a done file of another model",
      args: [three, batch({ before: { "done/p2.json": file([9, 9, 9], "flight-late/3") } })],
      throws: /flight-late\/3/,
      because: "one table would hold the scores of two models.",
    },
    {
      name: "a done file of another model that belongs to another batch",
      args: [three.slice(0, 2), batch({ before: { "done/p2.json": file([9, 9, 9], "flight-late/3") } })],
      because: "p2 is none of this batch's partitions.",
    },
    {
      name: "20 random partitions, some done, one of them empty",
      args: [
        Array.from({ length: 20 }, (_, i) => ({
          id: `part-${String(i).padStart(2, "0")}`,
          rows: Array.from({ length: i === 7 ? 0 : 1 + random.integer(5) }, () => random.integer(100)),
        })),
        batch({ before: { "done/part-07.json": file([]), "done/part-11.json": file([0.5]) } }),
      ],
    },
  ],
  mistakes: {
    "writes-in-place": {
      message:
        "The scores are written straight to done/. A kill in the middle of a write leaves half a file where readers look, and the next start takes it for finished or stumbles over it: write below tmp/, then rename.",
    },
    "starts-over": {
      message:
        "Every start scores all partitions anew. The result is right, but a batch of four hours that is killed every three never ends: skip what is done.",
    },
    "renames-at-the-end": {
      message:
        "All partitions are written first and made visible together at the end. A kill before that loses all work: rename each one as soon as it is written.",
    },
    "believes-tmp": {
      message:
        "A file below tmp/ is taken for a finished one, and renamed. It may be half a file: its writer did not live to rename it. Score that partition again.",
    },
    "counts-what-is-done": {
      message:
        "The number of done files is taken for the place to go on. When others were done first, partitions are skipped that never were scored: ask for each partition by its name.",
    },
    "notes-progress-first": {
      message:
        "Progress is kept in a file of its own, written before the scores are. A kill between the two leaves a partition that is noted and does not exist. The done files themselves are the record that cannot lie.",
    },
    "mixes-models": {
      message:
        "A done file counts whatever model it is of. After a new version is released in mid batch, one table holds the scores of both and nobody can tell: compare the model, and refuse.",
    },
    "leaves-temporary-files": {
      message:
        "Temporary files of an earlier start stay for ever. Each kill leaves one more, until the disk is full: remove them when you start.",
    },
  },
  passed:
    "packages/serving/src/batch does this over worker threads, with a manifest of row counts and checksums, and was killed twenty times in its tests.",
})
