// mistake: one-half
import type { Chosen, Example } from "../solution.ts"

export const chooseThreshold = (examples: readonly Example[]): Chosen => {
  const share = (answerable: boolean): number => {
    const group = examples.filter(each => each.answerable === answerable)
    return group.length === 0 ? 1 : group.filter(({ confidence }) => confidence < 0.5).length / group.length
  }
  if (!examples.some(({ answerable }) => answerable)) throw new Error("No example is answerable.")
  return { threshold: 0.5, declined: share(false), falselyDeclined: share(true) }
}
