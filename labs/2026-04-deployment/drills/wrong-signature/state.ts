import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { isRoadmapError } from "@roadmap/core/errors"
import { sha256 } from "@roadmap/core/hash"
import type { DrillPlace, Grade } from "@roadmap/labkit/drills/drill"
import { openRegistry } from "@roadmap/model-registry/open"
import { modelName } from "../models.ts"
import { type Answered, askAll, followed, readServing, requestsPath } from "./service.ts"

/** What the service did before the night: kept by the drill, out of the operator's way. */
export interface Agreed {
  requests: string
  answers: Answered[]
}

export const agreedPath = ({ home }: Pick<Config, "home">) => join(home, ".agreed.json")

export interface State {
  model: string
  /** Version that the alias champion means; null when it means none. */
  champion: number | null
  versions: number[]
  /** Requests by the status of their answer; "no server" when it did not start. */
  statuses: Record<string, number>
  /** Requests that were answered as before the night. */
  asBefore: number
  requests: number
  requestsUntouched: boolean
}

export const requestsHash = async (config: Config): Promise<string> =>
  sha256(await readFile(requestsPath(config)))

export const observe = async ({ config }: DrillPlace): Promise<State> => {
  const agreed: Agreed = JSON.parse(await readFile(agreedPath(config), "utf8"))
  const answers = await askAll(config).catch(error => {
    if (isRoadmapError(error)) return undefined
    throw error
  })
  const statuses = Map.groupBy(answers ?? [], ({ status }) => String(status))
  const registry = await openRegistry(config)
  try {
    const { aliases } = await registry.getModel(modelName)
    const { items } = await registry.listVersions(modelName)
    return {
      model: (await readServing(config)).model,
      champion: aliases.champion ?? null,
      versions: items.map(({ version }) => version).sort((a, b) => a - b),
      statuses: answers
        ? Object.fromEntries([...statuses].map(([status, group]) => [status, group.length]))
        : { "no server": agreed.answers.length },
      asBefore: agreed.answers.filter(({ text }, i) => answers?.[i]?.text === text).length,
      requests: agreed.answers.length,
      requestsUntouched: (await requestsHash(config)) === agreed.requests,
    }
  } finally {
    await registry.close()
  }
}

export const grade = (state: State): readonly Grade[] => [
  {
    what: "every request of the other team is answered",
    passed: state.statuses["200"] === state.requests,
    found: Object.entries(state.statuses)
      .map(([status, count]) => `${count} × ${status}`)
      .join(", "),
  },
  {
    what: "with the predictions of the version that was agreed with it",
    passed: state.asBefore === state.requests,
    found: `${state.asBefore} of ${state.requests} answers are those of before the night`,
  },
  {
    what: "its requests are as it sends them",
    passed: state.requestsUntouched,
    found: state.requestsUntouched ? "they are" : "requests.json was changed: their program was not",
  },
  {
    what: "whoever follows the alias, also the nightly batch, gets that version",
    passed: state.champion === 2 && state.model === followed,
    found: `champion means version ${state.champion ?? "none"}; the server follows ${state.model}`,
  },
  {
    what: "the new version is still there to be looked at",
    passed: state.versions.includes(3),
    found: `versions ${state.versions.join(", ")}`,
  },
]
