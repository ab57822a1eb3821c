import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { sleep } from "@roadmap/core/async"
import type { Config } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import type { OnlineStore } from "@roadmap/feature-store/online/port"
import { type RunningServer, startServer } from "@roadmap/serving/server"
import { modelName } from "../models.ts"
import { now, openStoreOf, type StoreHealth, service } from "./store.ts"

/** `serving.json`: the limits that the server is started with. */
export interface Serving {
  /** Requests that may be in work at once. */
  maxInFlight: number
  /** Milliseconds that a request may take. */
  timeoutMs: number
}

type Home = Pick<Config, "home">
const servingPath = ({ home }: Home) => join(home, "serving.json")
export const readServing = async (config: Home): Promise<Serving> =>
  JSON.parse(await readFile(servingPath(config), "utf8"))
export const writeServing = (config: Home, serving: Serving): Promise<void> =>
  writeFileAtomic(servingPath(config), `${JSON.stringify(serving, null, 2)}\n`)

/** So long a gate's screen waits for its answer. */
export const patienceMs = 1_000

const quickAirports = ["DEN", "LAX", "PHX", "SEA", "SFO", "SLC"]

/** answered: with a prediction; told: another answer in time; given up: none in the caller's patience. */
export type Fate = "answered" | "told" | "given up"

export interface Traffic {
  /** Requests by what they ask for, by how they ended. */
  slowPart: Record<Fate, number>
  otherAirports: Record<Fate, number>
  withoutStore: Record<Fate, number>
}

/**
 * Requests of all kinds to a server that is started as `serving.json` says, while the store is as `health` says: first two
 * for each airport of the slow part, and when these are on their way (or were told otherwise) all others. Who is told that there is no
 * prediction asks again until the others are through: a slow part has callers all the time.
 */
export const sendTraffic = async (config: Config, health: StoreHealth): Promise<Traffic> => {
  await using slow = await openStoreOf(config, health)
  const server = await start(config, slow.store)
  try {
    await askByKey(server, quickAirports[0])
    await askWholeRow(server)
    let through = false
    let settled = 0
    const callers = [...health.slowAirports, ...health.slowAirports].map(async airport => {
      let fate = await askByKey(server, airport)
      settled++
      while (fate === "told" && !through) {
        await sleep(20)
        fate = await askByKey(server, airport)
      }
      return fate
    })
    while (slow.stalled() + settled < callers.length) await sleep(1)
    const keyed = Promise.all(quickAirports.map(airport => askByKey(server, airport)))
    const whole = Promise.all(quickAirports.map(() => askWholeRow(server)))
    const [otherAirports, withoutStore] = [countsOf(await keyed), countsOf(await whole)]
    through = true
    return { slowPart: countsOf(await Promise.all(callers)), otherAirports, withoutStore }
  } finally {
    slow.release()
    await server.close()
  }
}

/** The airports of the slow part, one after the other, while nothing is slow. */
export const sendAfterwards = async (
  config: Config,
  slowAirports: readonly string[],
): Promise<Record<Fate, number>> => {
  const server = await start(config)
  try {
    const fates: Fate[] = []
    for (const airport of slowAirports) fates.push(await askByKey(server, airport))
    return countsOf(fates)
  } finally {
    await server.close()
  }
}

const start = async (config: Config, store?: OnlineStore): Promise<RunningServer> => {
  const { maxInFlight, timeoutMs } = await readServing(config)
  return startServer(
    { ...config, logLevel: "silent" },
    {
      models: [`${modelName}@champion`],
      port: 0,
      admission: { maxInFlight, timeoutMs },
      features: { service, now: () => BigInt(now.getTime()) * 1_000n, ...(store && { store }) },
    },
  )
}

const askByKey = ({ url }: RunningServer, airport: string): Promise<Fate> =>
  ask(`${url}/models/${modelName}/by-key`, {
    dataframe_records: [{ origin: airport, hour: 17, distance: 600 }],
  })

const askWholeRow = ({ url }: RunningServer): Promise<Fate> =>
  ask(`${url}/models/${modelName}/invocations`, {
    dataframe_split: { columns: inputs, data: [inputs.map(() => 1)] },
  })

const ask = async (url: string, body: object): Promise<Fate> => {
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(patienceMs),
    })
    await response.text()
    return response.ok ? "answered" : "told"
  } catch (error) {
    if (error instanceof Error && error.name === "TimeoutError") return "given up"
    throw error
  }
}

const inputs = [
  ...service.views.flatMap(({ features }) => features.map(({ as }) => as)),
  ...service.onDemand.flatMap(({ features }) => Object.keys(features)),
]

const countsOf = (fates: readonly Fate[]): Record<Fate, number> => ({
  answered: fates.filter(fate => fate === "answered").length,
  told: fates.filter(fate => fate === "told").length,
  "given up": fates.filter(fate => fate === "given up").length,
})
