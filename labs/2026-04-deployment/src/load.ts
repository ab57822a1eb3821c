import { rm } from "node:fs/promises"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { type LoadReport, runLoad } from "@roadmap/serving/load/run"
import { findSaturation, type Saturation } from "@roadmap/serving/load/saturation"
import { openWarehouse } from "@roadmap/warehouse/open"
import { fillOnlineStore } from "./fill.ts"
import { askedTable, gatherFlights, juneTable, requestColumns } from "./gather.ts"
import { type ChosenModel, chooseModels } from "./models.ts"
import { askedMoment, microsOf } from "./moment.ts"
import { bodiesOf, routes, rowsToAsk } from "./requests.ts"
import { readLogCounts } from "./server/metrics.ts"
import { quiet, type ServerProcess, startServerProcess } from "./server/process.ts"

/** How requests come: the caller sends the features, or the keys; one row a request, or many. */
export type Way = "features" | "keys" | "hundred"

export const ways: Record<Way, string> = {
  features: "features sent",
  keys: "features joined by key",
  hundred: "100 rows a request",
}

/** A search begins at the first rate over this: what costs more is tried at lower rates. */
const firstRateShare: Record<Way, number> = { features: 1, keys: 4, hundred: 10 }

/** The corrected p99 that the service promises, in milliseconds. */
export const promisedMs = 25

export interface WayLoad {
  way: Way
  rowsEach: number
  saturation: Saturation
  /** Poisson arrivals at half of the highest rate that was held. */
  half: LoadReport
  /** Processor time of the server alone, for a million rows at that rate. */
  cpuSecondsPerMillion: number
  residentBytes: number
}

/** Measures one server process by requests that come when they come, whether or not it keeps up. */
export const loadTest = defineStep({
  id: "load",
  title: "Load-test the service: latency over rates, up to saturation",
  needs: [chooseModels, gatherFlights, fillOnlineStore],
  async run(context) {
    const { config, result, signal, sample } = context
    const model = result(chooseModels).models.find(({ task }) => task === "late")!
    const bodies = await bodiesByWay(context, model)
    const folder = join(config.home, "tmp", "load-predictions")
    await rm(folder, { recursive: true, force: true })
    await using server = await startServerProcess(
      {
        config: quiet(config),
        models: [model.reference],
        featuresAt: microsOf(askedMoment),
        predictionLog: folder,
      },
      signal,
    )
    for (const way of Object.keys(ways) as Way[])
      await warmUp(context, server, { way, model, ...bodies[way] })
    const measured: WayLoad[] = []
    for (const way of Object.keys(ways) as Way[])
      measured.push(await measureWay(context, server, { way, model, ...bodies[way] }))
    const spike = await overload(context, server, { model, bodies, held: measured[0].saturation.rate ?? 100 })
    const logged = await readLogCounts(server.url, signal)
    await server.close()
    // Traffic that nobody sent: nothing to look at later.
    await rm(folder, { recursive: true, force: true })
    return {
      model: `${model.name}/${model.version}`,
      processors: availableParallelism(),
      probeSeconds: plan(sample).probeSeconds,
      measured,
      spike,
      logged,
      measurements: Object.fromEntries([
        ["late/prediction-log/recorded/load", logged.recorded],
        ["late/prediction-log/dropped/load", logged.dropped],
        ...measured.flatMap(({ way, saturation, half, cpuSecondsPerMillion }) => [
          [`late/rest-${way}/requests_per_second/saturation`, saturation.rate ?? 0],
          [`late/rest-${way}/p50_ms/half-load`, half.latency.corrected.p50 ?? 0],
          [`late/rest-${way}/p99_ms/half-load`, half.latency.corrected.p99 ?? 0],
          [`late/rest-${way}/failed/half-load`, half.requests.failed],
          [`late/rest-${way}/cpu_seconds_per_million/half-load`, cpuSecondsPerMillion],
        ]),
      ]),
    }
  },
})

/** A sample's run is short, and stops at a rate that any machine holds: it shows that the parts work, not how fast they are. */
const plan = (sample: number) =>
  sample > 1
    ? { firstRate: 100, doublings: 1, probeSeconds: 0.5, warmupSeconds: 0.2, halfSeconds: 1, precision: 2 }
    : { firstRate: 400, doublings: 7, probeSeconds: 2.5, warmupSeconds: 0.5, halfSeconds: 5, precision: 1.3 }

const bodiesByWay = async ({ config }: StepContext, model: ChosenModel) => {
  await using engine = await openWarehouse(config)
  const june = await rowsToAsk(engine, { table: juneTable, columns: model.inputs, count: 2_000 })
  const asked = await rowsToAsk(engine, { table: askedTable, columns: requestColumns, count: 2_000 })
  return {
    features: { bodies: bodiesOf(june, 1), rowsEach: 1 },
    keys: { bodies: bodiesOf(asked, 1), rowsEach: 1 },
    hundred: { bodies: bodiesOf(june, 100), rowsEach: Math.min(100, june.ids.length) },
  }
}

interface Load {
  way: Way
  model: ChosenModel
  bodies: string[]
  rowsEach: number
}

const target = (server: ServerProcess, { way, model, bodies }: Omit<Load, "rowsEach">) => ({
  url: `${server.url}${way === "keys" ? routes.keys(model) : routes.features(model)}`,
  bodies,
  headers: { "content-type": "application/json" },
})

const firstRate = (sample: number, way: Way): number => plan(sample).firstRate / firstRateShare[way]

/** A young process runs slow code: what is measured first would look worse than what is measured last. */
const warmUp = async (
  { signal, progress, sample }: StepContext,
  server: ServerProcess,
  load: Load,
): Promise<void> => {
  progress({ label: `${ways[load.way]}: warming up`, done: 0, unit: "probes" })
  const rate = 2 * firstRate(sample, load.way)
  const { warmupSeconds, halfSeconds } = plan(sample)
  await runLoad(
    { ...target(server, load), warmupSeconds, arrivals: { kind: "constant", rate }, seconds: halfSeconds },
    { signal },
  )
}

const measureWay = async (
  { signal, progress, seed, sample }: StepContext,
  server: ServerProcess,
  { way, model, bodies, rowsEach }: Load,
): Promise<WayLoad> => {
  const { doublings, probeSeconds, warmupSeconds, halfSeconds, precision } = plan(sample)
  const shared = { ...target(server, { way, model, bodies }), warmupSeconds }
  const from = firstRate(sample, way)
  let probes = 0
  const saturation = await findSaturation(
    {
      ...shared,
      p99Ms: promisedMs,
      from,
      to: from * 2 ** doublings,
      probeSeconds,
      precision,
    },
    {
      signal,
      onProbe: ({ rate }) => progress({ label: `${ways[way]}: ${rate}/s`, done: ++probes, unit: "probes" }),
    },
  )
  const rate = Math.max(10, (saturation.rate ?? 20) / 2)
  progress({ label: `${ways[way]}: half load`, done: probes, unit: "probes" })
  const before = await server.usage()
  // #region half
  const half = await runLoad(
    { ...shared, arrivals: { kind: "poisson", rate }, seconds: halfSeconds, seed },
    { signal },
  )
  // #endregion
  const after = await server.usage()
  // The server also worked for the requests of the warm-up.
  const rows = rowsEach * (half.requests.ok + rate * warmupSeconds)
  return {
    way,
    rowsEach,
    saturation,
    half,
    cpuSecondsPerMillion: ((after.cpuSeconds - before.cpuSeconds) / rows) * 1e6,
    residentBytes: after.residentBytes,
  }
}

/** A second of three times what can be held, in the middle of half of it: who is refused, and how soon is it over? */
const overload = async (
  { signal, progress, seed, sample }: StepContext,
  server: ServerProcess,
  {
    model,
    bodies,
    held,
  }: { model: ChosenModel; bodies: Awaited<ReturnType<typeof bodiesByWay>>; held: number },
): Promise<LoadReport> => {
  progress({ label: "overload", done: 0, unit: "runs" })
  const seconds = sample > 1 ? 2 : 6
  return runLoad(
    {
      url: `${server.url}${routes.features(model)}`,
      bodies: bodies.features.bodies,
      headers: { "content-type": "application/json" },
      arrivals: { kind: "spike", rate: held / 2, peak: held * 3, atSeconds: seconds / 3, forSeconds: 1 },
      seconds,
      warmupSeconds: 0.5,
      connections: 512,
      timeoutMs: 2_000,
      seed,
    },
    { signal },
  )
}
