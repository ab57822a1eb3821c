// Writes the same fifty keys again and again, each batch with its number. Arguments: home, batches.
import { openOnlineStore } from "../../src/online/open.ts"
import { rowsFrom } from "../../testing/online-rows.ts"

const [home, batches] = process.argv.slice(2)
const view = {
  name: "shared",
  version: "1",
  keys: [{ name: "airport", type: "string" as const }],
  features: [{ name: "mean_delay", type: "float64" as const }],
}
await using store = await openOnlineStore({ home })
await store.define(view)
for (let batch = 1; batch <= Number(batches); batch++) {
  const rows = Array.from({ length: 50 }, (_, i) => ({
    values: { airport: `A${i}`, mean_delay: batch },
    eventTime: BigInt(batch),
  }))
  await store.write(view.name, rowsFrom(view, rows))
  if (batch === 1) console.log(view.name)
}
