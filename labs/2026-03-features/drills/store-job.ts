import { readFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import { writeFileAtomic } from "@roadmap/core/files"
import { micros } from "@roadmap/feature-store/durations"
import { type MaterializeReceipt, materialize } from "@roadmap/feature-store/materialize/materialize"
import type { OnlineStore } from "@roadmap/feature-store/online/port"
import type { SqlEngine } from "@roadmap/warehouse/port"
import { departed } from "../src/definitions.ts"

/** The time in the drill. */
export const now = new Date("2001-06-15T12:00:00Z")

/** The agreed time to live of online values beyond the last materialisation. */
export const agreedHours = 4

export const view = departed

/** `online-store.json`: what the job goes by. */
export interface JobSettings {
  /** All flights known up to this moment are in the warehouse. The loader moves it on when it has loaded an hour. */
  loadedTo: string
  /** Hours for which online values live without being written again. */
  timeToLiveHours: number
}

type Home = Pick<Config, "home">
const path = ({ home }: Home) => join(home, "online-store.json")

export const readSettings = async (config: Home): Promise<JobSettings> =>
  JSON.parse(await readFile(path(config), "utf8"))
export const writeSettings = (config: Home, settings: JobSettings): Promise<void> =>
  writeFileAtomic(path(config), `${JSON.stringify(settings, null, 2)}\n`)

/** The hourly job: brings the online store to what is loaded. `rewrite` writes every airport, changed or not. */
export const fillStore = async (
  engine: SqlEngine,
  store: OnlineStore,
  config: Home,
  { rewrite = false }: { rewrite?: boolean } = {},
): Promise<MaterializeReceipt> => {
  const { loadedTo, timeToLiveHours } = await readSettings(config)
  return materialize(engine, store, view, {
    to: new Date(loadedTo),
    horizon: timeToLiveHours * micros.hour,
    ...(rewrite && { from: new Date(0) }),
  })
}
