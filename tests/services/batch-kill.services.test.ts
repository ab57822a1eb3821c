import { readdirSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { createRandom } from "../../packages/core/src/random.ts"
import { type BatchOptions, scoreBatch } from "../../packages/serving/src/batch/score.ts"
import { openBatchHome } from "../../packages/serving/testing/batch-home.ts"
import { runBatchProcess } from "../../packages/serving/testing/batch-kill.ts"
import { quoteText } from "../../packages/warehouse/src/identifiers.ts"
import { openWarehouse } from "../../packages/warehouse/src/open.ts"
import { rowsOf } from "../../packages/warehouse/src/rows.ts"

const kills = 20
const rows = 400_000

test(`a batch that is killed ${kills} times at random moments holds every row once, with the scores of an untouched run`, async () => {
  await using home = await openBatchHome({ trees: 100 })
  await home.makeTable(rows)
  const options = (name: string): BatchOptions => ({
    model: "late/1",
    source: { table: "gold.flights" },
    out: join(home.home, "scores", name),
    partitionRows: 5_000,
  })
  const started = performance.now()
  const whole = await scoreBatch(home.config, options("whole"))
  const wholeMs = performance.now() - started
  const random = createRandom(20)
  let killed = 0
  let finished = 0
  while (killed < kills) {
    // Anywhere from before the first partition to the last moments of a run; a finished output begins again.
    const name = `killed-${finished}`
    const from = random.next() < 0.3 ? "start" : "first partition"
    const afterMs = random.next() * wholeMs * 0.5
    const result = await runBatchProcess(
      home.config,
      { ...options(name), table: "gold.scores" },
      { afterMs, from },
    )
    if (result === undefined) killed++
    else finished++
  }
  const last = options(`killed-${finished}`)
  const report = await runBatchProcess(home.config, { ...last, table: "gold.scores" })
  expect(report).toMatchObject({ rows, scored: rows, rejected: 0, partitions: rows / 5_000 })
  console.error(
    `${kills} kills, ${finished} runs that ended before theirs, ${report!.resumed} partitions resumed at the end`,
  )

  await using engine = await openWarehouse(home.config)
  const contentOf = async (from: string) =>
    rowsOf(
      await engine.query(
        `SELECT count(*) AS n, count(DISTINCT flight) AS flights, sum(hash(s)::HUGEINT)::VARCHAR AS content FROM ${from} s`,
      ),
    )
  const files = (folder: string) => `read_parquet(${quoteText(join(folder, "*.parquet"))})`
  const expected = await contentOf(files(whole.out))
  expect(expected).toMatchObject([{ n: rows, flights: rows }])
  for (let run = 0; run <= finished; run++)
    expect(await contentOf(files(options(`killed-${run}`).out)), `run ${run}`).toEqual(expected)
  expect(await contentOf("gold.scores")).toEqual(expected)
  expect(readdirSync(join(home.home, "scores")).filter(name => name.endsWith(".partial"))).toEqual([])
})
