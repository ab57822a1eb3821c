// mistake: shares-swapped
import type { Chosen, Example } from "../solution.ts"

export const chooseThreshold = (examples: readonly Example[], limit: number): Chosen => {
  const answerable = examples.filter(each => !each.answerable)
  const others = examples.filter(each => each.answerable)
  if (others.length === 0) throw new Error("No example is answerable: nothing says what a threshold costs.")
  const below = (group: readonly Example[], threshold: number): number =>
    group.filter(({ confidence }) => confidence < threshold).length
  // A higher threshold declines at least as many of both: of those allowed the highest declines most.
  const thresholds = [...new Set(examples.map(({ confidence }) => confidence))].sort((a, b) => a - b)
  let chosen: Chosen | undefined
  for (const threshold of thresholds) {
    const declined = others.length === 0 ? 1 : below(others, threshold) / others.length
    const falselyDeclined = answerable.length === 0 ? 0 : below(answerable, threshold) / answerable.length
    if (falselyDeclined > limit) break
    if (!chosen || declined > chosen.declined) chosen = { threshold, declined, falselyDeclined }
  }
  return chosen!
}
