import type { Random } from "@roadmap/core/random"

/** When requests are due, whatever the server does: rates are requests a second. */
export type Arrivals =
  | { kind: "constant"; rate: number }
  /** Independent arrivals: exponential gaps. */
  | { kind: "poisson"; rate: number }
  /** One rate after the other, each for `stepSeconds`; the last one goes on. */
  | { kind: "step"; rates: readonly number[]; stepSeconds: number; spacing?: Spacing }
  /** `peak` in the place of `rate` from `atSeconds` on, for `forSeconds`. */
  | {
      kind: "spike"
      rate: number
      peak: number
      atSeconds: number
      forSeconds: number
      spacing?: Spacing
    }

export type Spacing = "constant" | "poisson"

/** A stretch of constant rate. The last one has no end. */
export interface Stretch {
  readonly rate: number
  readonly fromSeconds: number
  readonly toSeconds: number
}

export const stretchesOf = (arrivals: Arrivals): Stretch[] => {
  const endless = Number.POSITIVE_INFINITY
  switch (arrivals.kind) {
    case "constant":
    case "poisson":
      return [{ rate: arrivals.rate, fromSeconds: 0, toSeconds: endless }]
    case "step":
      return arrivals.rates.map((rate, step) => ({
        rate,
        fromSeconds: step * arrivals.stepSeconds,
        toSeconds: step === arrivals.rates.length - 1 ? endless : (step + 1) * arrivals.stepSeconds,
      }))
    case "spike": {
      const { rate, peak, atSeconds, forSeconds } = arrivals
      const over = atSeconds + forSeconds
      return [
        { rate, fromSeconds: 0, toSeconds: atSeconds },
        { rate: peak, fromSeconds: atSeconds, toSeconds: over },
        { rate, fromSeconds: over, toSeconds: endless },
      ].filter(({ fromSeconds, toSeconds }) => toSeconds > fromSeconds)
    }
  }
}

/** The rate that is meant at this second. */
export const rateAt = (arrivals: Arrivals, second: number): number =>
  stretchesOf(arrivals).find(({ toSeconds }) => second < toSeconds)!.rate

export const spacingOf = (arrivals: Arrivals): Spacing =>
  arrivals.kind === "constant" || arrivals.kind === "poisson"
    ? arrivals.kind
    : (arrivals.spacing ?? "constant")

/**
 * The moments of the arrivals in milliseconds from the start, ascending, one a call, without end. They are made by time
 * rescaling: the n-th is where the integral of the rate reaches n (constant), or the sum of n exponential numbers of mean
 * 1 (Poisson), which is exact for rates that change (Brown et al., Neural Computation 14, 2002).
 */
export const createSchedule = (arrivals: Arrivals, random: Random): (() => number) => {
  const stretches = stretchesOf(arrivals)
  const poisson = spacingOf(arrivals) === "poisson"
  let place = 0
  /** Integral of the rate up to the start of the present stretch, and the mass of the last arrival. */
  let before = 0
  let mass = 0
  return () => {
    mass += poisson ? -Math.log(1 - random.next()) : 1
    // The first of a constant schedule is due at once.
    const wanted = poisson ? mass : mass - 1
    for (;;) {
      const { rate, fromSeconds, toSeconds } = stretches[place]
      const held = rate * (toSeconds - fromSeconds)
      if (wanted < before + held || place === stretches.length - 1)
        return (fromSeconds + (wanted - before) / rate) * 1_000
      before += held
      place++
    }
  }
}
