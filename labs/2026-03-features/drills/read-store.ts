/**
 * What the drill's online store answers at 12:00 on 15 June for some airports (default: five large ones):
 *   ROADMAP_HOME=… node labs/2026-03-features/drills/read-store.ts [ORD ATL …]
 */
import { loadConfig } from "@roadmap/core/config"
import { openOnlineStore } from "@roadmap/feature-store/online/open"
import { command } from "./facts.ts"
import { now, view } from "./store-job.ts"

const timeText = (time: bigint | undefined): string =>
  time === undefined ? "" : `${new Date(Number(time / 1_000n)).toISOString().slice(0, 16)}Z`

await command(async () => {
  await using store = await openOnlineStore(loadConfig())
  const asked = process.argv.slice(2)
  const airports = asked.length > 0 ? asked : ["ATL", "DEN", "DFW", "LAX", "ORD"]
  const rows = await store.read(
    view.name,
    airports.map(airport => [airport]),
    { asOf: BigInt(now.getTime()) * 1_000n },
  )
  const { materializedTo } = await store.progress(view.name)
  const lines = rows.map(({ status, eventTime, values }, i) => {
    const shown = Object.entries(values).map(
      ([name, value]) => `${name} ${typeof value === "number" ? value.toFixed(2) : value}`,
    )
    return `${airports[i]}  ${status.padEnd(8)} ${timeText(eventTime).padEnd(18)} ${shown.join(", ")}`
  })
  return [...lines, `filled to ${timeText(materializedTo)}`].join("\n")
})
