// mistake: keeps-the-timer
import type { Clock, Limits, Predict } from "../solution.ts"

interface Waiting {
  rows: readonly number[]
  resolve(predictions: number[]): void
  reject(error: unknown): void
}

export const createBatcher = (predict: Predict, { maxRows, maxDelayMs }: Limits, clock: Clock): Predict => {
  let open: Waiting[] = []
  let openRows = 0

  const score = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const predictions = await predict(batch.flatMap(({ rows }) => rows))
      let from = 0
      for (const { rows, resolve } of batch) {
        resolve(predictions.slice(from, from + rows.length))
        from += rows.length
      }
    } catch (error) {
      if (batch.length === 1) batch[0].reject(error)
      else await Promise.all(batch.map(one => score([one])))
    }
  }

  const leave = (): void => {
    const batch = open
    open = []
    openRows = 0
    if (batch.length > 0) void score(batch)
  }

  return rows =>
    new Promise((resolve, reject) => {
      if (openRows + rows.length > maxRows) leave()
      if (open.length === 0) clock.after(maxDelayMs, leave)
      open.push({ rows, resolve, reject })
      openRows += rows.length
      if (openRows >= maxRows) leave()
    })
}
