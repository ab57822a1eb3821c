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
  const expected = await run(undisturbed)
  // Two lines a step on standard error: begun, and done.
  const lines = expected.stderr.split("\n").filter(line => line.startsWith("[")).length
  const models = await versionsOf(undisturbed)
  expect(models.length).toBeGreaterThan(0)
  rmSync(undisturbed, { recursive: true, force: true })

  const random = createRandom(2_026)
  for (let i = 0; i < kills; i++) {
    const home = newHome()
    // Every part of the run is hit: after another line each time, and a moment later.
    const line = 1 + Math.floor((i * (lines - 1)) / kills)
    const delay = random.next() * 200
    const stopped = await run(home, {
      onStart: child => {
        let seen = 0
        child.stderr?.on("data", async text => {
          const before = seen
          seen += String(text).split("\n").length - 1
          if (before >= line || seen < line) return
          await wait(delay)
          child.kill("SIGKILL")
        })
      },
    })
    expect(stopped.signal, `killed after line ${line}`).toBe("SIGKILL")
    const next = await run(home)
    expect(next.code, next.stderr).toBe(0)
    expect(metricsOf(next), `killed after line ${line}`).toEqual(metricsOf(expected))
    expect(await versionsOf(home)).toEqual(models)
    const { runs } = JSON.parse((await roadmap(home, ["runs", "--json", "--limit", "100"])).stdout)
    expect(runs.filter((each: { status: string }) => each.status === "RUNNING")).toEqual([])
    rmSync(home, { recursive: true, force: true })
  }
}, 600_000)
