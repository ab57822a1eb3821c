import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { join } from "node:path"
import { sleep } from "@roadmap/core/async"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { defineStep, type StepContext } from "@roadmap/labkit/lab"
import { type ModelContent, readModel, roadmapFlavor, writeModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import { type LoadReport, runLoad } from "@roadmap/serving/load/run"
import { openWarehouse } from "@roadmap/warehouse/open"
import { gatherFlights, juneTable } from "./gather.ts"
import { type ChosenModel, chooseModels } from "./models.ts"
import { askServer, bodiesOf, routes, rowsToAsk } from "./requests.ts"
import { quiet, startServerProcess } from "./server/process.ts"

const rate = 200

export interface Move {
  toVersion: number
  /** From moving the alias to the first answer of the version it now means, in milliseconds. */
  seenAfterMs: number
}

/**
 * Moves an alias to and fro between two versions while requests come. It happens in a registry of its own, with two
 * registrations of the deployed model: nobody's champion is moved for a rehearsal.
 */
export const rehearseReload = defineStep({
  id: "rehearse",
  title: "Move the alias under load: no request may fail",
  needs: [chooseModels, gatherFlights],
  async run(context) {
    const { config, result, signal, progress, sample, seed } = context
    const model = result(chooseModels).models.find(({ task }) => task === "late")!
    const moves = sample > 1 ? 6 : 25
    await mkdir(join(config.home, "tmp"), { recursive: true })
    const home = await mkdtemp(join(config.home, "tmp", "rehearsal-"))
    const stage = loadConfig({ ROADMAP_HOME: home })
    try {
      const versions = await registerTwice(context, model, home)
      const bodies = await bodiesFor(context, model)
      const registry = await openRegistry(stage)
      try {
        await using server = await startServerProcess(
          { config: quiet(stage), models: [`${model.name}@${alias}`] },
          signal,
        )
        const url = `${server.url}${routes.features(model)}`
        const load = runLoad(
          {
            url,
            bodies,
            headers: { "content-type": "application/json" },
            arrivals: { kind: "poisson", rate },
            seconds: moves * 0.4,
            warmupSeconds: 0.2,
            seed,
          },
          { signal },
        )
        const done: Move[] = []
        const move = async (): Promise<void> => {
          for (let turn = 1; turn <= moves; turn++) {
            progress({ label: "alias moved", done: turn, total: moves, unit: "times" })
            const toVersion = versions[turn % 2]
            const started = performance.now()
            // #region move
            await registry.setAlias(model.name, alias, toVersion)
            await untilServed(`${model.name}/${toVersion}`, { url, body: bodies[0], signal })
            // #endregion
            done.push({ toVersion, seenAfterMs: performance.now() - started })
            await sleep(100, signal)
          }
        }
        const [report] = await Promise.all([load, move()])
        return {
          moves: done,
          rate,
          report,
          metrics: metricsOf(done, report),
          measurements: {
            "late/reload/slowest_ms/all": Math.max(...done.map(({ seenAfterMs }) => seenAfterMs)),
          },
        }
      } finally {
        await registry.close()
      }
    } finally {
      await rm(home, { recursive: true, force: true })
    }
  },
})

const alias = "champion"

const metricsOf = (moves: readonly Move[], { requests }: LoadReport): Record<string, number> => ({
  "late/reload/moves/all": moves.length,
  "late/reload/requests/all": requests.scheduled,
  "late/reload/failed/all": requests.failed,
})

/** Two versions of equal predictions whose directories differ, as if the same model had been released twice. */
const registerTwice = async (
  { config }: StepContext,
  model: ChosenModel,
  home: string,
): Promise<[number, number]> => {
  const source = await openRegistry(config)
  const stage = await openRegistry(loadConfig({ ROADMAP_HOME: home }))
  try {
    const stored = await readModel(await source.fetchModel(model.name, model.version))
    const versions: number[] = []
    for (const release of [1, 2]) {
      const directory = join(home, `release-${release}`)
      const content: ModelContent = {
        flavors: roadmapFlavor("@roadmap/ml", 1),
        files: { "model.bin": await stored.read("model.bin") },
        signature: stored.signature,
        ...(stored.inputExample && { inputExample: stored.inputExample }),
        metadata: { release },
      }
      await writeModel(directory, content)
      versions.push((await stage.register({ name: model.name, directory })).version)
    }
    await stage.setAlias(model.name, alias, versions[0])
    return [versions[0], versions[1]]
  } finally {
    await stage.close()
    await source.close()
  }
}

const bodiesFor = async ({ config }: StepContext, model: ChosenModel): Promise<string[]> => {
  await using engine = await openWarehouse(config)
  return bodiesOf(await rowsToAsk(engine, { table: juneTable, columns: model.inputs, count: 500 }), 1)
}

const untilServed = async (
  wanted: string,
  { url, body, signal }: { url: string; body: string; signal: AbortSignal },
): Promise<void> => {
  const until = performance.now() + 10_000
  for (;;) {
    const { servedBy } = await askServer(url, body, signal)
    if (servedBy === wanted) return
    if (performance.now() > until)
      throw new RoadmapError(
        "TIMEOUT",
        `Ten seconds after the alias moved, ${servedBy} answers, not ${wanted}.`,
      )
    await sleep(10, signal)
  }
}
