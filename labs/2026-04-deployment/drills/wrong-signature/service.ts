import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { startServer } from "@roadmap/serving/server"
import { modelName } from "../models.ts"

/** `serving.json`: what the server is started with. */
export interface Serving {
  model: string
}

export const followed = `${modelName}@champion`

type Home = Pick<Config, "home">
const servingPath = ({ home }: Home) => join(home, "serving.json")
/** Of another team: what its program sends, one body a request. */
export const requestsPath = ({ home }: Home) => join(home, "requests.json")

export const readServing = async (config: Home): Promise<Serving> =>
  JSON.parse(await readFile(servingPath(config), "utf8"))
export const writeServing = (config: Home, serving: Serving): Promise<void> =>
  writeFileAtomic(servingPath(config), `${JSON.stringify(serving, null, 2)}\n`)

export interface Answered {
  status: number
  text: string
}

/** Starts the server as `serving.json` says, sends the callers' requests, and stops it. */
export const askAll = async (config: Config): Promise<Answered[]> => {
  const { model } = await readServing(config)
  const bodies: object[] = JSON.parse(await readFile(requestsPath(config), "utf8"))
  const server = await startServer({ ...config, logLevel: "silent" }, { models: [model], port: 0 })
  try {
    const answers: Answered[] = []
    for (const body of bodies) {
      const response = await fetch(`${server.url}/invocations`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      })
      answers.push({ status: response.status, text: await response.text() })
    }
    return answers
  } finally {
    await server.close()
  }
}
