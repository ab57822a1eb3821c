import { rmSync } from "node:fs"
import { setTimeout as wait } from "node:timers/promises"
import { createRandom } from "@roadmap/core/random"
import { expect, test } from "vitest"
import { type Finished, newHome, roadmap } from "./cli.ts"

/** One flight in 200: 15,000 real flights, a run of a few seconds. */
const sample = "200"
const kills = 20

const run = (home: string, onStart?: Parameters<typeof roadmap>[2]) =>
  roadmap(home, ["run", "feb", "--sample", sample, "--json"], onStart)
const metricsOf = (finished: Finished) => JSON.parse(finished.stdout).labs[0].metrics

const versionsOf = async (home: string): Promise<unknown[]> => {
  const { models } = JSON.parse((await roadmap(home, ["models", "--json"])).stdout)
  const shown: unknown[] = []
  for (const { name } of models) {
    const { versions } = JSON.parse((await roadmap(home, ["models", name, "--json"])).stdout)
    for (const { version, status, digest, aliases } of versions) {
      // Reading the card opens the model directory and checks every file's digest.
      const card = await roadmap(home, ["models", `${name}/${version}`])
      shown.push({ name, version, status, digest, aliases, card: card.code })
    }
  }
  return shown
}

test(`a run killed at any of ${kills} moments is finished by the next one, with equal metrics and whole models`, async () => {
  const undisturbed = newHome()
  const started = performance.now()
  const expected = await run(undisturbed)
  const milliseconds = performance.now() - started
  const models = await versionsOf(undisturbed)
  expect(models.length).toBeGreaterThan(0)
  rmSync(undisturbed, { recursive: true, force: true })

  const random = createRandom(2_026)
  let killed = 0
  for (let i = 0; i < kills; i++) {
    const home = newHome()
    // Spread over the whole run: one moment in each of twenty equal parts.
    const moment = ((i + random.next()) / kills) * milliseconds
    const stopped = await run(home, {
      onStart: async child => {
        await wait(moment)
        child.kill("SIGKILL")
      },
    })
    if (stopped.signal === "SIGKILL") killed++
    const next = await run(home)
    expect(next.code, next.stderr).toBe(0)
    expect(metricsOf(next), `killed after ${Math.round(moment)} ms`).toEqual(metricsOf(expected))
    expect(await versionsOf(home)).toEqual(models)
    const { runs } = JSON.parse((await roadmap(home, ["runs", "--json", "--limit", "100"])).stdout)
    expect(runs.filter((each: { status: string }) => each.status === "RUNNING")).toEqual([])
    rmSync(home, { recursive: true, force: true })
  }
  // The machine's speed varies: a run may end before its moment, but not often.
  expect(killed).toBeGreaterThanOrEqual(kills * 0.7)
}, 600_000)
