/**
 * The load generator's own connections, closed-loop: each sends its next request as soon as it has an
 * answer, so that what is measured is how much a server can do. Argument: a file with { url, bodies,
 * connections, warmupSeconds, seconds } as JSON.
 */
import { readFileSync } from "node:fs"
import { setTimeout as wait } from "node:timers/promises"
import { openConnection } from "@roadmap/serving/load/connection"
import { createHistogram } from "@roadmap/serving/load/histogram"
import { planLoad } from "@roadmap/serving/load/options"
import { endpointOf, requestsOf } from "@roadmap/serving/load/request"

const { connections, warmupSeconds, seconds, ...asked } = JSON.parse(
  readFileSync(process.argv[2], "utf8"),
) as {
  url: string
  bodies: string[]
  connections: number
  warmupSeconds: number
  seconds: number
}
const plan = planLoad({ ...asked, seconds, arrivals: { kind: "constant", rate: 1 } })
const requests = requestsOf(plan)
const endpoint = endpointOf(plan)
let times = createHistogram()
let failed = 0
let next = 0
let running = true

const open = (): void => {
  let sent = 0
  const send = () => {
    sent = performance.now()
    connection.send(requests[next++ % requests.length])
  }
  const reopen = () => {
    if (running) open()
  }
  const connection = openConnection(
    endpoint,
    {
      onOpen: send,
      onOutcome(outcome, alive) {
        if (!running) return connection.close()
        if ("status" in outcome && outcome.status === 200) times.record(performance.now() - sent)
        else failed++
        if (alive) send()
        else open()
      },
      onClosed: reopen,
      onRefused(error) {
        throw error
      },
    },
    () => undefined,
  )
}
for (let i = 0; i < connections; i++) open()
await wait(warmupSeconds * 1000)
times = createHistogram()
failed = 0
const started = performance.now()
await wait(seconds * 1000)
const elapsed = (performance.now() - started) / 1000
running = false
const report = { rate: times.count / elapsed, p50: times.quantile(0.5), p99: times.quantile(0.99), failed }
process.stdout.write(JSON.stringify(report), () => process.exit(0))
