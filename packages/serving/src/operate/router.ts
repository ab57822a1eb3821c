import { RoadmapError } from "@roadmap/core/errors"

export interface Traffic {
  /** Who answers, and how much of the traffic each gets: weights of any sum, 0 allowed. */
  variants: readonly { readonly name: string; readonly weight: number }[]
  /** A variant that scores every request too; its answers go to the prediction log only. */
  shadow?: string
}

/** Places in `variants`. */
export interface Choice {
  readonly variant: number
  /** Absent when the shadow is the variant that answers. */
  readonly shadow?: number
}

export interface Router {
  /** The same key always gets the same variant while the traffic is the same; no key, a random one. */
  choose(key: string | undefined): Choice
}

/**
 * Splits traffic by a hash of the key, as A/B tests do: who is where depends on nothing else, not on this process
 * either. A change of weights moves as few keys as the cumulative order of the variants allows. `salt` makes two
 * experiments independent. Throws INVALID_INPUT.
 */
export const createRouter = (
  { variants, shadow }: Traffic,
  { salt = "", random = Math.random }: { salt?: string; random?: () => number } = {},
): Router => {
  check(variants, shadow)
  const total = variants.reduce((sum, { weight }) => sum + weight, 0)
  let before = 0
  const ends = variants.map(({ weight }) => {
    before += weight
    return before / total
  })
  const shadowAt = shadow === undefined ? -1 : variants.findIndex(({ name }) => name === shadow)
  const lastWeighted = variants.findLastIndex(({ weight }) => weight > 0)
  const choices = variants.map(
    (_, variant): Choice =>
      shadowAt < 0 || shadowAt === variant ? { variant } : { variant, shadow: shadowAt },
  )
  const only = variants.filter(({ weight }) => weight > 0).length === 1
  return {
    choose(key) {
      if (only) return choices[lastWeighted]
      const point = key === undefined ? random() : hashToUnit(salt, key)
      for (let i = 0; i < lastWeighted; i++) if (point < ends[i]) return choices[i]
      return choices[lastWeighted]
    },
  }
}

const check = (variants: Traffic["variants"], shadow: string | undefined): void => {
  const refuse = (problem: string): never => {
    throw new RoadmapError("INVALID_INPUT", `Traffic: ${problem}.`, {
      hint: "Name each variant once, with weights of 0 or more of which one is positive.",
    })
  }
  const names = variants.map(({ name }) => name)
  const twice = names.find((name, i) => names.indexOf(name) !== i)
  if (twice !== undefined) refuse(`the variant "${twice}" appears twice`)
  const odd = variants.find(({ weight }) => !(Number.isFinite(weight) && weight >= 0))
  if (odd) refuse(`the weight of "${odd.name}" is ${odd.weight}`)
  if (!variants.some(({ weight }) => weight > 0)) refuse("no variant has a weight")
  if (shadow !== undefined && !names.includes(shadow))
    refuse(`there is no variant "${shadow}" to be the shadow`)
}

/** FNV-1a over salt and key, finished with murmur3's mixer, because FNV's high bits are weak for short keys. */
const hashToUnit = (salt: string, key: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < salt.length; i++) hash = Math.imul(hash ^ salt.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ 0x1f, 0x01000193)
  for (let i = 0; i < key.length; i++) hash = Math.imul(hash ^ key.charCodeAt(i), 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}
