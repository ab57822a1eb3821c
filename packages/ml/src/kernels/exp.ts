/**
 * e^y for y <= 0 in additions and multiplications only, so that two lanes of a SIMD register compute it with
 * the same bits as one number here: y = k ln 2 + r with |r| <= ln 2 / 2, then Taylor's polynomial of degree
 * 13 in r (error below 1e-17) times 2^k. Below `lowest` it stays at e^lowest.
 */
export const expNegative = (y: number): number => {
  const clamped = Math.max(y, lowest)
  const k = clamped * log2e + roundingMagic - roundingMagic
  const r = clamped - k * ln2High - k * ln2Low
  let sum = coefficients[0]
  for (let i = 1; i < coefficients.length; i++) sum = sum * r + coefficients[i]
  return sum * powersOfHalf[-k]
}

export const lowest = -708
export const log2e = Math.LOG2E
/** Added to a number below 2^51 it rounds it to an integer, which the sum's lowest bits then hold. */
export const roundingMagic = 1.5 * 2 ** 52
/** ln 2 in two parts; the first has 21 trailing zero bits, so that its product with k is exact. */
export const ln2High = 0.6931471803691238
export const ln2Low = 1.9082149292705877e-10

const degree = 13
/** 1/13!, 1/12!, …, 1/0!: factorials up to 13 are exact. */
export const coefficients: readonly number[] = Array.from({ length: degree + 1 }, (_, i) => {
  let factorial = 1
  for (let n = 2; n <= degree - i; n++) factorial *= n
  return 1 / factorial
})

const powersOfHalf = Float64Array.from({ length: 1023 }, (_, k) => 2 ** -k)
