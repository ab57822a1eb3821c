import { join } from "node:path"
import { afterAll } from "vitest"
import { describeDrills } from "../testing/drills.ts"
import { describeExercises } from "../testing/exercises.ts"
import { makeRepository } from "../testing/fixture-repository.ts"

// The fixtures go through the same gate as a real month's exercises and drills.
const repository = makeRepository()
afterAll(() => repository[Symbol.dispose]())

await describeExercises(join(repository.root, "labs", "2026-02-tiny"))
await describeDrills(join(repository.root, "labs", "2026-02-tiny"))
