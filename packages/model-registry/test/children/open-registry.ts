// Opens the registry and creates a model, then prints "opened" or the code of the error. Arguments: home.
import { toRoadmapError } from "@roadmap/core/errors"
import { openRegistry } from "../../src/open.ts"

try {
  const registry = await openRegistry({ home: process.argv[2] })
  await registry.createModel({ name: "first" })
  console.log("opened")
} catch (error) {
  const { code, message, hint } = toRoadmapError(error)
  console.log(JSON.stringify({ code, message, hint }))
}
