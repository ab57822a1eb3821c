// mistake: ignores-weights
import type { Experiment, Hash, Request } from "../solution.ts"

export const assign = ({ id, user }: Request, { name, variants }: Experiment, hash: Hash): string => {
  const total = variants.reduce((sum, { weight }) => sum + weight, 0)
  if (total <= 0) throw new Error(`experiment ${name} has no variant with a weight above 0`)
  const place = hash(`${name}:${user ?? id}`)
  return variants[Math.floor(place * variants.length)].name
}
