import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { createRouter, type Traffic } from "../../src/operate/router.ts"

const keys = Array.from({ length: 20_000 }, (_, i) => `user-${i}`)
const variantsOf = (traffic: Traffic, salt = "") => {
  const router = createRouter(traffic, { salt })
  return keys.map(key => router.choose(key).variant)
}
const share = (chosen: number[], variant: number) =>
  chosen.filter(each => each === variant).length / chosen.length
const split = (...weights: number[]): Traffic => ({
  variants: weights.map((weight, i) => ({ name: `v${i}`, weight })),
})

describe("a router", () => {
  it("gives each variant its share of the keys", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 4 }), weights => {
        const total = weights.reduce((sum, weight) => sum + weight, 0)
        fc.pre(total > 0)
        const chosen = variantsOf(split(...weights))
        // Four standard deviations of a share of 20,000 keys.
        weights.forEach((weight, i) => {
          const p = weight / total
          expect(Math.abs(share(chosen, i) - p)).toBeLessThanOrEqual(4 * Math.sqrt((p * (1 - p)) / 20_000))
        })
      }),
      { numRuns: 20 },
    )
  })
  it("keeps every key where it is, in any process", () => {
    expect(variantsOf(split(90, 10))).toEqual(variantsOf(split(90, 10)))
    expect(
      variantsOf(split(90, 10))
        .slice(0, 200)
        .flatMap((variant, i) => (variant ? [i] : [])),
    ).toMatchInlineSnapshot(`
      [
        23,
        25,
        29,
        36,
        37,
        62,
        70,
        78,
        111,
        115,
        130,
        138,
        139,
        150,
        153,
        174,
        183,
      ]
    `)
  })
  it("moves only the keys that a change of weights needs", () => {
    const before = variantsOf(split(90, 10))
    const after = variantsOf(split(70, 30))
    const moved = before.filter((variant, i) => variant !== after[i]).length / before.length
    expect(moved).toBeCloseTo(0.2, 1)
    expect(before.every((variant, i) => variant === 0 || after[i] === 1)).toBe(true)
  })
  it("splits one experiment's groups evenly in another with its own salt", () => {
    const first = variantsOf(split(50, 50), "first")
    const second = variantsOf(split(50, 50), "second")
    const both = first.filter((variant, i) => variant === 1 && second[i] === 1).length / first.length
    expect(both).toBeCloseTo(0.25, 1)
  })
  it("splits requests without a key by chance", () => {
    let next = 0
    const router = createRouter(split(3, 1), { random: () => (next++ % 4) / 4 })
    expect([1, 2, 3, 4].map(() => router.choose(undefined).variant)).toEqual([0, 0, 0, 1])
  })
  it("never chooses a variant of weight 0, which may be the shadow", () => {
    const traffic: Traffic = {
      variants: [
        { name: "champion", weight: 1 },
        { name: "challenger", weight: 0 },
      ],
      shadow: "challenger",
    }
    const router = createRouter(traffic)
    for (const key of keys.slice(0, 100)) expect(router.choose(key)).toEqual({ variant: 0, shadow: 1 })
  })
  it("has no shadow of the variant that answers", () => {
    const router = createRouter({ ...split(1, 1), shadow: "v1" })
    for (const key of keys.slice(0, 100)) {
      const { variant, shadow } = router.choose(key)
      expect(shadow).toBe(variant === 1 ? undefined : 1)
    }
  })
  it.each([
    [{ variants: [] }, /no variant has a weight/],
    [split(0, 0), /no variant has a weight/],
    [split(-1, 2), /weight of "v0" is -1/],
    [split(Number.NaN), /weight of "v0" is NaN/],
    [{ variants: [...split(1).variants, ...split(1).variants] }, /"v0" appears twice/],
    [{ ...split(1), shadow: "v9" }, /no variant "v9"/],
  ] as [Traffic, RegExp][])("refuses traffic that cannot be split: %j", (traffic, message) => {
    expect(() => createRouter(traffic)).toThrow(message)
  })
})
