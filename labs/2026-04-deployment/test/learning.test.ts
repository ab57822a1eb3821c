import { join } from "node:path"
import { createRandom } from "@roadmap/core/random"
import { describeDrills } from "@roadmap/labkit/testing/drills"
import { describeExercises } from "@roadmap/labkit/testing/exercises"
import { describe, expect, test } from "vitest"
import { latencies } from "../exercises/03-coordinated-omission/solution.ts"
import { limit as limitByWindows } from "../exercises/05-rate-limit/mistakes/fixed-windows.ts"
import { limit } from "../exercises/05-rate-limit/solution.ts"
import { hashOf } from "../exercises/06-sticky-split/harness.ts"
import { assign } from "../exercises/06-sticky-split/solution.ts"

const lab = join(import.meta.dirname, "..")
await describeExercises(lab)
await describeDrills(lab)

describe("figures that the exercises' texts state", () => {
  test("a second of standing still: the generator sees one slow request of 900, users see more than a hundred", () => {
    const took = Array.from({ length: 900 }, (_, i) => (i === 300 ? 1_000 : 1))
    const shares = Array.from({ length: 900 }, (_, i) => (100 * (i + 1)) / 900)
    const { service, response } = latencies(took, 10, shares)
    expect(service.filter(one => one > 1)).toHaveLength(1)
    expect(latencies(took, 10, [99]).service).toEqual([1])
    expect(response.filter(one => one > 10).length).toBeGreaterThan(100)
  })

  test("windows let twice the rate through around their border, a bucket does not", () => {
    const burst = Array.from({ length: 200 }, (_, i) => ({ client: "a", at: 950 + (i < 100 ? 0 : 50) }))
    const passed = (decide: typeof limit) =>
      decide(burst, { capacity: 100, perSecond: 1 }).filter(({ allowed }) => allowed).length
    expect(passed(limitByWindows)).toBe(200)
    expect(passed(limit)).toBe(100)
  })

  test("a split moves only those who have to move, and two experiments share no second variants but by chance", () => {
    const random = createRandom(3)
    const users = Array.from({ length: 20_000 }, () => ({ id: "", user: String(random.integer(2 ** 31)) }))
    const inChallenger = (name: string, challenger: number) =>
      users.map(
        user =>
          assign(
            user,
            {
              name,
              variants: [
                { name: "champion", weight: 100 - challenger },
                { name: "challenger", weight: challenger },
              ],
            },
            hashOf,
          ) === "challenger",
      )
    const [tenth, fifth, other] = [inChallenger("may", 10), inChallenger("may", 20), inChallenger("june", 10)]
    const share = (rows: boolean[]) => rows.filter(Boolean).length / rows.length
    expect(share(tenth)).toBeCloseTo(0.1, 2)
    expect(tenth.every((inIt, user) => !inIt || fifth[user])).toBe(true)
    expect(share(tenth.map((inIt, user) => inIt && fifth[user]))).toBe(share(tenth))
    expect(share(tenth.map((inIt, user) => inIt && other[user]))).toBeCloseTo(0.01, 2)
  })
})
