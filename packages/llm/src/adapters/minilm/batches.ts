/**
 * Groups sequences of similar length, longest first, so that little of a batch is padding and the last batches, which
 * the workers share, are small. Returns positions in `lengths`.
 */
export const batchesByLength = (lengths: readonly number[], tokensEach: number): number[][] => {
  const order = lengths.map((_, i) => i).sort((a, b) => lengths[b] - lengths[a] || a - b)
  const batches: number[][] = []
  let batch: number[] = []
  for (const position of order) {
    // The first of a batch is its longest: every row is padded to that.
    if (batch.length > 0 && (batch.length + 1) * lengths[batch[0]] > tokensEach) {
      batches.push(batch)
      batch = []
    }
    batch.push(position)
  }
  return batch.length > 0 ? [...batches, batch] : batches
}
