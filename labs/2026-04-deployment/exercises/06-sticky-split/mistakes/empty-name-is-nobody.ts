// mistake: empty-name-is-nobody
import type { Experiment, Hash, Request } from "../solution.ts"

export const assign = ({ id, user }: Request, { name, variants }: Experiment, hash: Hash): string => {
  const total = variants.reduce((sum, { weight }) => sum + weight, 0)
  if (total <= 0) throw new Error(`experiment ${name} has no variant with a weight above 0`)
  const place = hash(`${name}:${user || id}`) * total
  let upTo = 0
  for (const variant of variants) {
    upTo += variant.weight
    if (place < upTo) return variant.name
  }
  return variants.findLast(({ weight }) => weight > 0)!.name
}
