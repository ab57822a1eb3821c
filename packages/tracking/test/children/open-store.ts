// Opens the store and creates an experiment, then prints "opened" or the code of the error. Arguments: home.
import { toRoadmapError } from "@roadmap/core/errors"
import { openTracking } from "../../src/open.ts"

try {
  const store = await openTracking({ home: process.argv[2] })
  await store.createExperiment({ name: "first" })
  console.log("opened")
} catch (error) {
  const { code, message, hint } = toRoadmapError(error)
  console.log(JSON.stringify({ code, message, hint }))
}
