import type { Random } from "@roadmap/core/random"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { firstDifference, show } from "../src/exercises/compare.ts"
import { barPicture } from "../src/exercises/picture.ts"
import { counted, materialise, plain, seeded } from "../src/exercises/prepared.ts"

const data = fc.anything({ withMap: true, withSet: true, withDate: true, withTypedArray: true, maxDepth: 3 })

describe("two values", () => {
  test("that are copies of each other do not differ", () => {
    fc.assert(fc.property(data, value => firstDifference(structuredClone(value), value) === undefined))
  })

  test("that differ in one number of a list differ at its place", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1 }),
        fc.nat(),
        (values, at) => {
          const place = at % values.length
          const other = values.with(place, values[place] + 1)
          expect(firstDifference(other, values)?.path).toBe(`[${place}]`)
        },
      ),
    )
  })

  test("are equal within the tolerance and differ beyond it", () => {
    expect(firstDifference(1.0000001, 1, { relative: 1e-6 })).toBeUndefined()
    expect(firstDifference(1.00001, 1, { relative: 1e-6 })?.text).toBe("expected 1, got 1.00001")
    expect(firstDifference(0.0005, 0, { absolute: 1e-3 })).toBeUndefined()
  })

  test("NaN equals NaN alone", () => {
    expect(firstDifference(Number.NaN, Number.NaN)).toBeUndefined()
    expect(firstDifference(0, Number.NaN)).toBeDefined()
  })

  test.each([
    [[1, 2], [1, 2, 3], "", "expected 3 values [1, 2, 3], got 2 [1, 2]"],
    [[], [1], "", "expected 1 value [1], got none"],
    [{ a: 1 }, { a: 1, b: 2 }, "", 'the property "b" is missing'],
    [{ a: 1, c: 3 }, { a: 1 }, "", 'there is a property "c" too much'],
    [[{ score: 1 }], [{ score: 2 }], "[0].score", "expected 2, got 1"],
    [new Map([["x", 1]]), new Map([["y", 1]]), "", 'the key "y" is missing'],
    [new Set([1]), new Set([1, 2]), "", "2 is missing"],
    ["abc", ["a"], "", 'expected a list of 1 value, got the string "abc"'],
    [null, 3, "", "expected a number (3), got null"],
    [undefined, "x", "", 'expected the string "x", got undefined (is there a return?)'],
  ])("%j against %j", (got, expected, path, text) => {
    expect(firstDifference(got, expected)).toEqual({ path, text })
  })

  test("a list may stand for a typed array of the same numbers", () => {
    expect(firstDifference([1, 2], Float64Array.of(1, 2))).toBeUndefined()
  })

  test("are shown shortly, however large", () => {
    fc.assert(fc.property(data, value => show(value, 40).length <= 41))
    expect(show(1 / 3)).toBe("0.3333333")
  })
})

describe("the picture of two lists", () => {
  test("puts a mark below the first difference", () => {
    expect(barPicture([0, 1, 2, 3, 0, 5, 6, 7], [0, 1, 2, 3, 4, 5, 6, 7], 4)).toBe(
      "expected ▁▂▃▄▅▆▇█\ngot      ▁▂▃▄▁▆▇█\n             ^ [4]",
    )
  })
  test("is left out where it would not help", () => {
    expect(barPicture([1, 2], [1, 3], 1)).toBeUndefined()
    expect(barPicture("abc", [1, 2, 3, 4, 5, 6], 0)).toBeUndefined()
    expect(barPicture([1, 1, 1, 1, 1, 1], [1, 1, 1, 1, 1, 1], 0)).toBeUndefined()
  })
  test("pools long lists to the width", () => {
    const long = Array.from({ length: 300 }, (_, i) => i)
    const lines = barPicture(long.with(299, 0), long, 299)!.split("\n")
    expect(lines[0].length).toBe("expected ".length + 60)
    expect(lines[2]).toMatch(/\^ \[299\], 5 values a bar$/)
  })
})

describe("prepared arguments", () => {
  test("a counted list counts each read of an element", () => {
    const made = materialise(counted([1, 2, 3]))
    const list = made.value as number[]
    expect(list[0] + list[2]).toBe(4)
    expect(made.reads()).toBe(2)
    list.toSorted()
    expect(made.reads()).toBe(5)
  })
  test("a counted typed array works as one, and its methods count as a walk over all", () => {
    const made = materialise(counted(Float64Array.of(3, 1, 2)))
    const values = made.value as Float64Array
    expect(values.length).toBe(3)
    expect([...values.toSorted()]).toEqual([1, 2, 3])
    expect(made.reads()).toBe(3)
  })
  test("a seeded stream begins anew for each call", () => {
    const first = materialise(seeded(7)).value as Random
    const second = plain(seeded(7)) as Random
    expect(first.next()).toBe(second.next())
  })
})
