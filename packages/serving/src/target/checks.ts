import { RoadmapError } from "@roadmap/core/errors"
import { checkModelName, checkVersion } from "@roadmap/model-registry/names"
import type { EndpointSpec, Serving, Traffic } from "./port.ts"

/** Throws INVALID_INPUT. */
export const checkEndpoint = (endpoint: EndpointSpec): void => {
  checkEndpointName(endpoint.name)
  checkServing(endpoint)
}

export const checkEndpointName = (name: string): void => {
  if (!/^[a-zA-Z0-9]([\w-]{0,61}[a-zA-Z0-9])?$/.test(name))
    throw wrong(`"${name}" cannot be the name of an endpoint`, "Use 1 to 63 letters, digits, '_' and '-'.")
}

export const checkServing = ({ entities, traffic }: Serving): void => {
  if (entities.length === 0)
    throw wrong("an endpoint serves at least one entity", "Name a model and version.")
  for (const { name, model, version } of entities) {
    if (!/^[\w-]{1,63}$/.test(name))
      throw wrong(`"${name}" cannot be the name of an entity`, "Use 1 to 63 letters, digits, '_' and '-'.")
    checkModelName(model)
    checkVersion(version)
  }
  const twice = (texts: string[]) => texts.find((text, i) => texts.indexOf(text) !== i)
  const name = twice(entities.map(entity => entity.name))
  if (name !== undefined) throw wrong(`two entities are called "${name}"`, "Give each its own name.")
  const same = twice(entities.map(({ model, version }) => `${model}/${version}`))
  if (same !== undefined) throw wrong(`${same} is served twice`, "Give one entity the traffic of both.")
  checkTraffic(
    entities.map(entity => entity.name),
    traffic,
  )
}

export const checkTraffic = (names: readonly string[], traffic: Traffic): void => {
  const unknown = Object.keys(traffic).find(name => !names.includes(name))
  if (unknown !== undefined)
    throw wrong(`there is no entity "${unknown}" to get traffic`, `The entities are ${names.join(", ")}.`)
  const odd = Object.entries(traffic).find(([, percent]) => !Number.isInteger(percent) || percent < 0)
  if (odd) throw wrong(`"${odd[0]}" gets ${odd[1]} %`, "Percentages are whole numbers from 0 to 100.")
  const sum = Object.values(traffic).reduce((total, percent) => total + percent, 0)
  if (sum !== 100) throw wrong(`the traffic makes ${sum} %`, "The percentages must make 100.")
}

/** Traffic with a percentage for every entity. */
export const fullTraffic = ({ entities, traffic }: Serving): Record<string, number> =>
  Object.fromEntries(entities.map(({ name }) => [name, traffic[name] ?? 0]))

/** Whether two say the same; sizes and sleep are the remote's own, and an update may leave them. */
export const sameServing = (a: Serving, b: Serving): boolean => {
  const text = (serving: Serving) =>
    JSON.stringify(
      serving.entities
        .map(({ name, model, version }) => [name, model, version, serving.traffic[name] ?? 0])
        .sort(([x], [y]) => (String(x) < String(y) ? -1 : 1)),
    )
  return text(a) === text(b)
}

const wrong = (problem: string, hint: string) =>
  new RoadmapError("INVALID_INPUT", `The endpoint cannot be so: ${problem}.`, { hint })
