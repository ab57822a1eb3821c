/**
 * Distribution function of the standard normal, to 1e-15 (of itself in the tails: 1e-10): Marsaglia's series
 * near zero (Journal of Statistical Software 11(4), 2004), the continued fraction of the tail beyond.
 */
export const normalCdf = (x: number): number => {
  if (x < -4) return upperTail(-x)
  if (x > 4) return 1 - upperTail(x)
  let term = x
  let sum = x
  for (let n = 3; Math.abs(term) > 1e-17 * Math.abs(sum); n += 2) {
    term *= (x * x) / n
    sum += term
  }
  return 0.5 + sum * density(x)
}

/** log(cdf(high) - cdf(low)) for low < high, without losing the tails. */
export const logNormalMass = (low: number, high: number): number => {
  if (low > 0) return logNormalMass(-high, -low)
  return Math.log(Math.max(normalCdf(high) - normalCdf(low), Number.MIN_VALUE))
}

/** Logarithm of the standard normal density. */
export const logNormalDensity = (x: number): number => -0.5 * x * x - 0.5 * Math.log(2 * Math.PI)

const density = (x: number): number => Math.exp(logNormalDensity(x))

/** P(X > x) for x >= 4 (Abramowitz and Stegun, 26.2.14). */
const upperTail = (x: number): number => {
  let fraction = x
  for (let n = 60; n > 0; n--) fraction = x + n / fraction
  return density(x) / fraction
}
