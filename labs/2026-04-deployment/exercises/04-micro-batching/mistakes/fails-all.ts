// mistake: fails-all
import type { Clock, Limits, Predict } from "../solution.ts"

interface Waiting {
  rows: readonly number[]
  resolve(predictions: number[]): void
  reject(error: unknown): void
}

export const createBatcher = (predict: Predict, { maxRows, maxDelayMs }: Limits, clock: Clock): Predict => {
  let open: Waiting[] = []
  let openRows = 0
  let cancelTimer = (): void => undefined

  const score = async (batch: readonly Waiting[]): Promise<void> => {
    try {
      const predictions = await predict(batch.flatMap(({ rows }) => rows))
      let from = 0
      for (const { rows, resolve } of batch) {
        resolve(predictions.slice(from, from + rows.length))
        from += rows.length
      }
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }

  const leave = (): void => {
    cancelTimer()
    const batch = open
    open = []
    openRows = 0
    if (batch.length > 0) void score(batch)
  }

  return rows =>
    new Promise((resolve, reject) => {
      if (openRows + rows.length > maxRows) leave()
      if (open.length === 0) cancelTimer = clock.after(maxDelayMs, leave)
      open.push({ rows, resolve, reject })
      openRows += rows.length
      if (openRows >= maxRows) leave()
    })
}
