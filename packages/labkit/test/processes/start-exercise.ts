// Starts the exercise "median" in the repository of the first argument; prints "started" or the error's code and message.
import { toRoadmapError } from "@roadmap/core/errors"
import { findLabs } from "../../src/catalog.ts"
import { findExercises, resolveEntry } from "../../src/exercises/catalog.ts"
import { startExercise } from "../../src/exercises/workbook.ts"

const root = process.argv[2]
try {
  await startExercise(root, resolveEntry(await findExercises(await findLabs(root)), "median", "exercise"))
  console.log("started")
} catch (error) {
  const { code, message } = toRoadmapError(error)
  console.log(`${code}: ${message}`)
}
