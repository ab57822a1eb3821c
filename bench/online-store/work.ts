/**
 * One measurement in a process of its own, printed as JSON. Argument: { task, store, entities, reads, warm } as JSON, where
 * store is a SQLite file or a PostgreSQL URL.
 */
import { createServer } from "node:http"
import { createRandom } from "@roadmap/core/random"
import { postgresOnlineStore } from "@roadmap/feature-store/online/adapters/postgres"
import { sqliteOnlineStore } from "@roadmap/feature-store/online/adapters/sqlite"
import type { OnlineStore } from "@roadmap/feature-store/online/port"
import { openWarehouse } from "@roadmap/warehouse/open"
import { eventTime, featureValue, keyOf, latencies, onlineViews, rowsOfView } from "./data.ts"

const { task, store, entities, reads, warm, home, facts } = JSON.parse(process.argv[2]) as {
  task: "fill" | "read" | "serve" | "write" | "materialize"
  store: string
  entities: number
  reads: number
  warm: number
  home: string
  facts: string
}
const open = (): OnlineStore =>
  store.startsWith("postgres") ? postgresOnlineStore({ url: store }) : sqliteOnlineStore({ file: store })
const batch = 65_536
const asOf = eventTime + 1n
const print = (result: object) => process.stdout.write(JSON.stringify(result))

const readOne = async (online: OnlineStore, entity: number) => {
  const rows = await online.readViews(
    onlineViews.map(({ name }) => ({ view: name, keys: [[keyOf(entity)]] })),
    { asOf },
  )
  if (rows[3][0].values.calendar_2 !== featureValue(entity, 3, 2))
    throw new Error(`Wrong value for ${entity}.`)
  return rows
}

const tasks: Record<typeof task, () => Promise<void>> = {
  async fill() {
    await using online = open()
    for (const [view, definition] of onlineViews.entries()) {
      await online.define(definition)
      for (let from = 0; from < entities; from += batch)
        await online.write(definition.name, rowsOfView(view, from, Math.min(entities, from + batch)))
    }
    print({})
  },
  async read() {
    await using online = open()
    const random = createRandom(1)
    const times: number[] = []
    for (let i = -warm; i < reads; i++) {
      const started = performance.now()
      await readOne(online, random.integer(entities))
      if (i >= 0) times.push((performance.now() - started) * 1_000)
    }
    print(latencies(times))
  },
  /** The same read behind a plain HTTP server, for the peer's is behind one too. Lives until it is killed. */
  async serve() {
    const online = open()
    const server = createServer((request, response) => {
      let body = ""
      request.setEncoding("utf8").on("data", text => {
        body += text
      })
      request.on("end", async () => {
        const { entity } = JSON.parse(body)
        const rows = await readOne(online, entity)
        response.setHeader("content-type", "application/json")
        response.end(JSON.stringify(Object.assign({}, ...rows.map(([{ values }]) => values))))
      })
    })
    server.listen(0, "127.0.0.1", () => console.log((server.address() as { port: number }).port))
  },
  /** Rows with keys of their own, from columns in memory to the disk. */
  async write() {
    await using online = open()
    await online.define(onlineViews[0])
    let seconds = 0
    for (let from = 0; from < entities; from += batch) {
      const rows = rowsOfView(0, from, Math.min(entities, from + batch))
      const started = performance.now()
      await online.write(onlineViews[0].name, rows)
      seconds += (performance.now() - started) / 1_000
    }
    print({ seconds })
  },
  /** All facts of the flights, from the warehouse's table to the online store. */
  async materialize() {
    const { materialize } = await import("@roadmap/feature-store/materialize/materialize")
    const { flightsView, loadFlights } = await import("./flights.ts")
    await using engine = await openWarehouse({ home, logLevel: "silent", ci: true, color: false })
    const rows = await loadFlights(engine, facts)
    await using online = open()
    const started = performance.now()
    const receipt = await materialize(engine, online, flightsView, { to: new Date("2001-07-01") })
    const seconds = (performance.now() - started) / 1_000
    if (receipt.facts !== rows) throw new Error(`Read ${receipt.facts} of ${rows} facts.`)
    print({ seconds, rows, keys: receipt.keys })
  },
}
await tasks[task]()
