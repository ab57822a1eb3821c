// Materialises many airports, prints a line after each batch, and dies after the first one. Arguments: home, minute.
import { openWarehouse } from "@roadmap/warehouse/open"
import { materialize } from "../../src/materialize/materialize.ts"
import { openOnlineStore } from "../../src/online/open.ts"
import { airportDelays, dateOf, minute } from "../../testing/online-flights.ts"

const [home, to] = process.argv.slice(2)
await using engine = await openWarehouse({ home, logLevel: "silent", ci: true, color: false })
await using store = await openOnlineStore({ home })
await materialize(engine, store, airportDelays(), {
  to: dateOf(minute(Number(to))),
  onProgress: ({ keys, of }) => {
    process.stdout.write(`${keys} ${of}\n`)
    process.kill(process.pid, "SIGKILL")
  },
})
