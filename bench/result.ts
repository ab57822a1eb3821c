import { cpus, totalmem } from "node:os"

/** What `pnpm bench <name> --json` prints. */
export interface BenchResult {
  bench: string
  machine: { cpu: string; cores: number; memoryGiB: number; node: string }
  rows: BenchRow[]
  /** This project's value over the peer's from the same run; below 1 is better. */
  ratios: Record<string, number>
}

export interface BenchRow {
  system: string
  metric: string
  value: number
  unit: string
}

export interface BenchOptions {
  json: boolean
  /** A small version of the same work: to see that the bench runs, not to quote. */
  quick: boolean
  signal: AbortSignal
}

export type BenchRun = (options: BenchOptions) => Promise<BenchResult>

export const thisMachine = (): BenchResult["machine"] => ({
  cpu: cpus()[0]?.model ?? "unknown",
  cores: cpus().length,
  memoryGiB: Math.round(totalmem() / 2 ** 30),
  node: process.version,
})

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
