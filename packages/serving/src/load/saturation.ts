import { sleep } from "@roadmap/core/async"
import { RoadmapError } from "@roadmap/core/errors"
import type { Spacing } from "./arrivals.ts"
import { type LoadOptions, type LoadReport, type RunLoadOptions, runLoad } from "./run.ts"

export interface SaturationOptions extends Omit<LoadOptions, "arrivals" | "seconds"> {
  /** The corrected p99 that a rate must stay under, milliseconds. */
  p99Ms: number
  /** First and highest rate to try, requests a second. Default 50 and 100,000. */
  from?: number
  to?: number
  spacing?: Spacing
  /** Measured seconds of a probe. Default 5. */
  probeSeconds?: number
  /** Failed requests that are allowed, as a share. Default 0.001. */
  failedShare?: number
  /** The search ends when the lowest failed rate is less than this factor above the answer. Default 1.05. */
  precision?: number
}

export type Limit = "latency" | "errors" | "generator"

export interface Probe {
  rate: number
  /** Absent when the rate was held. `generator`: the load generator itself was too late to tell. */
  limitedBy?: Limit
  p50: number | null
  p99: number | null
  failedShare: number
  lateP99: number | null
}

export interface Saturation {
  url: string
  p99Ms: number
  /** The highest rate that was held; null when not even the first was. */
  rate: number | null
  /** Why the next rate was not; `ceiling` when the highest allowed was held. */
  limitedBy: Limit | "ceiling"
  /** In the order they were run. */
  probes: Probe[]
}

const pauseMs = 300

/**
 * The highest rate of arrivals whose corrected p99 stays under a limit: doubled until one fails, then halved in (ratio). A
 * rate fails when two runs of it do, because one slow second is not a limit. Throws as `runLoad`.
 */
export const findSaturation = async (
  options: SaturationOptions,
  { onProbe, ...control }: RunLoadOptions & { onProbe?: (probe: Probe) => void } = {},
): Promise<Saturation> => {
  const {
    p99Ms,
    from,
    to,
    spacing = "constant",
    probeSeconds = 5,
    failedShare = 0.001,
    precision,
    ...load
  } = options
  const probe = async (rate: number): Promise<Probe> => {
    const report = await runLoad(
      { ...load, arrivals: { kind: spacing, rate }, seconds: probeSeconds },
      control,
    )
    const found = judge(rate, report, { p99Ms, failedShare })
    onProbe?.(found)
    await sleep(pauseMs, control.signal)
    return found
  }
  return { url: options.url, p99Ms, ...(await searchSaturation(probe, { from, to, precision })) }
}

/** Whether a run held its rate. */
export const judge = (
  rate: number,
  report: LoadReport,
  { p99Ms, failedShare: allowed }: { p99Ms: number; failedShare: number },
): Probe => {
  const { scheduled, failed } = report.requests
  const { p50, p99 } = report.latency.corrected
  const lateP99 = report.generator.lateMs.p99
  const failedShare = scheduled === 0 ? 0 : failed / scheduled
  const probe: Probe = { rate, p50, p99, failedShare, lateP99 }
  if (failedShare > allowed) return { ...probe, limitedBy: "errors" }
  if (p99 !== null && p99 <= p99Ms) return probe
  // When the generator is late by a good part of the limit, the latency is its own.
  return { ...probe, limitedBy: (lateP99 ?? 0) > p99Ms / 2 ? "generator" : "latency" }
}

/** The search itself, over any way to probe a rate. Throws INVALID_INPUT for rates that are none. */
export const searchSaturation = async (
  probe: (rate: number) => Promise<Probe>,
  { from = 50, to = 100_000, precision = 1.05 }: Pick<SaturationOptions, "from" | "to" | "precision">,
): Promise<Pick<Saturation, "rate" | "limitedBy" | "probes">> => {
  if (!(from > 0) || !(to >= from) || !(precision > 1))
    throw new RoadmapError(
      "INVALID_INPUT",
      `A search from ${from} to ${to} requests a second with precision ${precision} is none.`,
      { hint: "Give 0 < from <= to, and a precision above 1, such as 1.05." },
    )
  const probes: Probe[] = []
  const fails = async (rate: number): Promise<Limit | undefined> => {
    for (let attempt = 1; ; attempt++) {
      const found = await probe(rate)
      probes.push(found)
      if (found.limitedBy === undefined || attempt === 2) return found.limitedBy
    }
  }
  let held: number | null = null
  let failed: number | undefined
  let limitedBy: Saturation["limitedBy"] = "ceiling"
  for (let rate = from; failed === undefined; rate = Math.min(to, rate * 2)) {
    const limit = await fails(rate)
    if (limit === undefined) held = rate
    else [failed, limitedBy] = [rate, limit]
    if (rate >= to) break
  }
  while (held !== null && failed !== undefined && failed / held > precision) {
    const rate = Math.round(Math.sqrt(held * failed))
    if (rate <= held || rate >= failed) break
    const limit = await fails(rate)
    if (limit === undefined) held = rate
    else [failed, limitedBy] = [rate, limit]
  }
  return { rate: held, limitedBy, probes }
}
