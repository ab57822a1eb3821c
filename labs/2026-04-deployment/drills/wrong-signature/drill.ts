import { readFile } from "node:fs/promises"
import { writeFileAtomic } from "@roadmap/core/files"
import { type DrillPlace, defineDrill } from "@roadmap/labkit/drills/drill"
import { openRegistry } from "@roadmap/model-registry/open"
import { mayFlights, modelName, moveAlias, registerModel } from "../models.ts"
import { askAll, followed, requestsPath, writeServing } from "./service.ts"
import { agreedPath, grade, observe, requestsHash, type State } from "./state.ts"

const oneIn = 400
const kilometresPerMile = 1.609344

/** Twelve requests of one to three flights. */
const writeRequests = async ({ config, random }: DrillPlace): Promise<void> => {
  const { rows, columns } = await mayFlights(config, oneIn)
  const names = ["distance", "hour", "weekday"] as const
  const numbers = random.fork("requests")
  const bodies = Array.from({ length: 12 }, (_, request) => ({
    dataframe_split: {
      columns: names,
      data: Array.from({ length: 1 + (request % 3) }, () => {
        const row = numbers.integer(rows)
        return names.map(name => columns[name][row])
      }),
    },
  }))
  await writeFileAtomic(requestsPath(config), `${JSON.stringify(bodies, null, 2)}\n`)
}

export default defineDrill<State>({
  id: "wrong-signature",
  title: "Every request is wrong since midnight",
  targetMinutes: 10,
  async prepare(place) {
    const { config } = place
    const { columns } = await mayFlights(config, oneIn)
    const { distance, hour, weekday, late } = columns
    await registerModel(config, { distance, hour }, late)
    await registerModel(config, { distance, hour, weekday }, late)
    await moveAlias(config, "champion", 2)
    await writeServing(config, { model: followed })
    await writeRequests(place)
    const agreed = { requests: await requestsHash(config), answers: await askAll(config) }
    await writeFileAtomic(agreedPath(config), JSON.stringify(agreed))
  },
  // The new version was fitted on a table that has kilometres; its own tests knew nothing of its callers.
  async break({ config }) {
    const { distance, hour, weekday, late } = (await mayFlights(config, oneIn)).columns
    const distance_km = distance.map(miles => miles * kilometresPerMile)
    await moveAlias(
      config,
      "champion",
      await registerModel(config, { distance_km, hour, weekday }, late, { trees: 30 }),
    )
  },
  observe,
  grade,
  causes: {
    signature: "the version that the alias means since tonight takes other columns than its callers send",
    callers: "the other team's program sends other columns since tonight",
    damaged: "a file of the model was damaged when it was released",
    policy: "the server was started with a stricter policy for missing values",
  },
  cause: "signature",
  recoveries: {
    right: ({ config }) => moveAlias(config, "champion", 2),
    wrong: {
      async "renames the column in the other team's requests"({ config }) {
        const requests = await readFile(requestsPath(config), "utf8")
        await writeFileAtomic(requestsPath(config), requests.replaceAll('"distance"', '"distance_km"'))
      },
      "rolls back to the oldest version": ({ config }) => moveAlias(config, "champion", 1),
      "pins the server to version 2 and leaves the alias": ({ config }) =>
        writeServing(config, { model: `${modelName}/2` }),
      async "deletes the new version, and the alias with it"({ config }) {
        const registry = await openRegistry(config)
        try {
          await registry.deleteVersion(modelName, 3, { force: true })
        } finally {
          await registry.close()
        }
      },
    },
  },
  passed:
    "The signature is a contract with callers, not a note about training. A release must be asked with the requests of its callers before the alias moves; then moving it back is a matter of one call.",
})
