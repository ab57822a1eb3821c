import { mkdir, rename, rm, stat } from "node:fs/promises"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { RoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"
import { contractHash } from "@roadmap/ingestion/contract"
import { ingest } from "@roadmap/ingestion/ingest"
import { listSource } from "@roadmap/ingestion/sources"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { quoteText } from "@roadmap/warehouse/identifiers"
import { openWarehouse } from "@roadmap/warehouse/open"
import { rowsOf } from "@roadmap/warehouse/rows"
import { flightsContract } from "./contract.ts"
import { tableHas } from "./tables.ts"

/** Three million US flights, January to June 2001: a file of the npm package vega-datasets. */
export const flightsFile = (): string => {
  // The package shows its module only, so the file is found from there.
  const packageFolder = dirname(dirname(fileURLToPath(import.meta.resolve("vega-datasets"))))
  return join(packageFolder, "data", "flights-3m.parquet")
}

export const ingestFlights = defineStep({
  id: "ingest",
  title: "Ingest flights: contract, bronze, silver, quarantine",
  inputs: async ({ source }) => {
    const files = await listSource(source ?? flightsFile())
    return {
      source: sha256(files.map(file => file.contentHash).join("\n")),
      contract: contractHash(flightsContract),
    }
  },
  intact: async ({ config }, result: { rows: number }) => tableHas(config, "silver.flights", result.rows),
  async run(context) {
    const { config, signal, progress, sample } = context
    const source = context.source ?? flightsFile()
    await using engine = await openWarehouse(config)
    const receipt = await ingest({
      engine,
      source: sample === 1 ? source : await writeSample(context, source),
      contract: flightsContract,
      signal,
      onProgress: ({ phase, share }) =>
        progress({ label: phases[phase], done: Math.round((share ?? 0) * 100), total: 100, unit: "%" }),
    })
    const { received, accepted, rejected } = receipt.rows
    return {
      rows: accepted,
      received,
      rejected,
      reasons: receipt.reasons,
      expectations: receipt.expectations,
      contentHash: receipt.contentHash,
      sourceName: basename(source),
      metrics: { "ingest/flights/rows/accepted": accepted, "ingest/flights/rows/rejected": rejected },
      artifacts: {
        "table/silver.flights": "silver.flights",
        "table/quarantine.flights": "quarantine.flights",
      },
    }
  },
})

const phases = {
  hash: "hashing",
  load: "loading bronze",
  bronze: "publishing bronze",
  check: "checking",
  silver: "publishing silver",
}

/** Fewer rows cannot be split, fitted and resampled. */
const leastRows = 1_500

/**
 * Every n-th row of one Parquet file, as a file of its own: the same rows each time. Throws USAGE for another kind of
 * source, and when too few rows would be left.
 */
const writeSample = async ({ config, sample, signal }: StepContext, source: string): Promise<string> => {
  if (!source.endsWith(".parquet"))
    throw new RoadmapError("USAGE", `--sample takes rows of one Parquet file; ${source} is none.`, {
      hint: "Leave --sample out.",
    })
  const folder = join(config.home, "samples")
  const path = join(folder, `flights-1-in-${sample}.parquet`)
  const known = join(folder, `.${basename(path)}.tmp`)
  await mkdir(folder, { recursive: true })
  await rm(known, { force: true })
  // The file is on this machine, where another warehouse does not reach.
  await using engine = await openWarehouse({ ...config, databricks: undefined })
  const [{ rows }] = rowsOf<{ rows: number }>(
    await engine.query(`SELECT count(*) AS rows FROM read_parquet(${quoteText(source)})`),
  )
  if (rows < leastRows * sample)
    throw new RoadmapError("USAGE", `One row in ${sample} of ${rows} leaves too few to learn from.`, {
      hint: `Use --sample ${Math.max(1, Math.floor(rows / leastRows))} or less.`,
    })
  await engine.query(
    `COPY (SELECT * EXCLUDE (file_row_number) FROM read_parquet(${quoteText(source)}, file_row_number = true)
       WHERE file_row_number % ${sample} = 0) TO ${quoteText(known)} (FORMAT parquet)`,
    [],
    { signal },
  )
  await stat(known)
  await rename(known, path)
  return path
}
