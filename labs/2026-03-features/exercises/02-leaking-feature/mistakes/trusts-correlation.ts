// mistake: trusts-correlation
import type { Feature, Flight } from "../solution.ts"

export const findLeaks = (
  flights: readonly Flight[],
  table: Record<string, number[]>,
  features: readonly Feature[],
): string[] => {
  const delays = flights.map(flight => flight.delay)
  const strength = ({ name }: Feature) => Math.abs(correlation(table[name], delays))
  return [features.toSorted((a, b) => strength(b) - strength(a))[0].name]
}

/** Over the rows in which the feature has a value. */
const correlation = (values: readonly number[], delays: readonly number[]): number => {
  const rows = values.flatMap((value, row) => (Number.isNaN(value) ? [] : [row]))
  const mean = (of: readonly number[]) => rows.reduce((sum, row) => sum + of[row], 0) / rows.length
  const [a, b] = [mean(values), mean(delays)]
  const covariance = (x: readonly number[], ma: number, y: readonly number[], mb: number) =>
    rows.reduce((sum, row) => sum + (x[row] - ma) * (y[row] - mb), 0)
  const spread = Math.sqrt(covariance(values, a, values, a) * covariance(delays, b, delays, b))
  return spread > 0 ? covariance(values, a, delays, b) / spread : 0
}
