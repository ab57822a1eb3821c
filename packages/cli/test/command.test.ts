import { execFile } from "node:child_process"
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { stripVTControlCharacters } from "node:util"
import { loadConfig } from "@roadmap/core/config"
import { defineEntity, defineFeatureView } from "@roadmap/feature-store/definitions"
import { openFeatureRegistry } from "@roadmap/feature-store/registry"
import { defineFeatureService } from "@roadmap/feature-store/services"
import { openRegistry } from "@roadmap/model-registry/open"
import { openTracking } from "@roadmap/tracking/open"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { type CommandOptions, roadmap as command, signalAt } from "../testing/command.ts"

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "roadmap-cli-"))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

const roadmap = (args: string[], options?: CommandOptions) => command(home, args, options)

describe("wrong usage says what is wrong and where to look", () => {
  test.each([
    ["a missing month", ["run"], "Missing required argument 'month'.", "See: roadmap run --help"],
    ["too many arguments", ["list", "more"], "Too many arguments for 'list'", "See: roadmap list --help"],
    ["a mistyped option", ["run", "feb", "--sampel", "3"], "'--sampel'", "Did you mean --sample?"],
    ["a mistyped command", ["rnu"], "'rnu'", "Did you mean run?"],
    ["an unknown option before any command", ["--bogus"], "'--bogus'", "See: roadmap --help"],
    ["half a command", ["author"], "'author' is no complete command.", "See: roadmap author --help"],
    ["help about nothing", ["help", "nope"], "'help nope' is no complete command.", "See: roadmap --help"],
    [
      "a sample of none",
      ["run", "feb", "--sample", "0"],
      '--sample "0" is not a whole number of 1',
      "--sample 20",
    ],
    [
      "a seed that is no number",
      ["run", "feb", "--seed", "x"],
      '--seed "x" is not a whole number of 0',
      "--seed",
    ],
    ["a limit of none", ["runs", "--limit", "0"], '--limit "0" is not a whole number of 1', "--limit 20"],
  ])("%s", async (_what, args, message, hint) => {
    const { code, stderr, stdout } = await roadmap(args)
    expect(code).toBe(2)
    const told = stderr.slice(stderr.indexOf("✖ USAGE: "))
    expect(told).toContain(message)
    expect(told).toContain(hint)
    expect(told).not.toContain("outputHelp")
    expect(stdout).toBe("")
  })
})

describe("the command stands in many places", () => {
  test("prints its version", async () => {
    expect(await roadmap(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
  })

  test("in another folder, with a relative home folder of spaces and letters beyond ASCII", async () => {
    const name = "mein Zuhause ✈ ñ"
    const { code, stdout } = await command(name, ["doctor", "--json"], { cwd: home })
    expect(code).toBe(0)
    expect(JSON.parse(stdout).checks.map((check: { status: string }) => check.status)).not.toContain("failed")
    expect(existsSync(join(home, name))).toBe(true)
  })

  test("a reader that leaves early is no failure: on standard output and on standard error", async () => {
    const stdoutClosed = await roadmap(["list"], { onStart: child => child.stdout?.destroy() })
    expect(stdoutClosed).toMatchObject({ code: 0, stderr: "" })
    // The code tells what the command came to, not that nobody listened.
    const stderrClosed = await roadmap(["run", "nowhere"], { onStart: child => child.stderr?.destroy() })
    expect(stderrClosed.code).toBe(2)
  })

  test.each(["SIGTERM", "SIGHUP", "SIGINT"] as const)(
    "%s stops a run with 130 and says how it ended",
    async signal => {
      const stopped = await roadmap(["run", "feb", "--sample", "300", "--json"], {
        onStart: signalAt("ingest:", signal),
      })
      expect(stopped.code).toBe(130)
      expect(JSON.parse(stopped.stdout).labs[0]).toMatchObject({ status: "interrupted", sample: 300 })
      expect(JSON.parse((await roadmap(["list", "--json"])).stdout).labs[0].status).toBe("interrupted")
    },
  )

  test("two signals at once still end it with 130", async () => {
    const stopped = await roadmap(["run", "feb", "--sample", "300"], {
      onStart: child => {
        signalAt("ingest:", "SIGINT")(child)
        signalAt("ingest:", "SIGINT")(child)
      },
    })
    expect(stopped.code).toBe(130)
  })
})

test("colours are whole: nothing of them is left when a terminal has taken them", async () => {
  const store = await openTracking(loadConfig({ ROADMAP_HOME: home }))
  const { experimentId } = await store.createExperiment({ name: "e" })
  const ids: string[] = []
  for (const runName of ["a", "b"])
    ids.push((await store.createRun({ experimentId, runName, startTime: 1 })).runId)
  await store.close()
  for (const args of [
    ["list"],
    ["doctor"],
    ["runs"],
    ["runs", ...ids],
    ["models"],
    ["features"],
    ["progress"],
    ["check"],
    ["drill"],
  ]) {
    const { stdout } = await roadmap(args, { env: { FORCE_COLOR: "1" } })
    expect(stdout).not.toBe("")
    expect(stripVTControlCharacters(stdout), args[0]).not.toMatch(/\[\d+m/)
  }
  const { stdout } = await roadmap(["doctor", "--json"], { env: { FORCE_COLOR: "1" } })
  expect(stripVTControlCharacters(stdout)).toBe(stdout)
})

describe("looking for what is not there", () => {
  test("a filter that no run fits does not claim that there are no runs", async () => {
    const store = await openTracking(loadConfig({ ROADMAP_HOME: home }))
    const { experimentId } = await store.createExperiment({ name: "e" })
    const { runId } = await store.createRun({ experimentId, runName: "r", startTime: 1 })
    await store.logBatch(runId, { metrics: [{ key: "rmse.test", value: 30, timestamp: 1, step: 0 }] })
    await store.close()
    const none = await roadmap(["runs", "--filter", "metrics.`rmse.test` < 20"])
    expect(none.stdout).toBe("No run fits the filter: metrics.`rmse.test` < 20\n")
    expect((await roadmap(["runs", "--filter", "metrics.`rmse.test` < 40"])).stdout).toContain(
      runId.slice(0, 8),
    )
    expect((await roadmap(["runs"], {})).stdout).toContain("rmse.test 30")
  })

  test("a mistyped model suggests the nearest", async () => {
    const registry = await openRegistry(loadConfig({ ROADMAP_HOME: home }))
    await registry.createModel({ name: "flight-delay" })
    await registry.close()
    const missed = await roadmap(["models", "flight-dely"])
    expect(missed.code).toBe(1)
    expect(missed.stderr).toContain('Did you mean "flight-delay"?')
    expect((await roadmap(["models", "flight-dely@champion"])).stderr).toContain(
      'Did you mean "flight-delay"?',
    )
  })

  test("no runs at all name the command that makes some", async () => {
    expect((await roadmap(["runs"])).stdout).toContain("roadmap run feb")
    expect((await roadmap(["features"])).stdout).toContain("roadmap run mar")
  })
})

describe("features", () => {
  const origin = defineFeatureView({
    name: "origin_delay",
    entity: defineEntity({ name: "airport", keys: { origin: "string" } }),
    source: { table: "gold.flights", eventTime: "departed_at", knownTime: "landed_at" },
    features: { mean_3h: { aggregate: "mean", column: "delay", window: "3h" }, last: { column: "delay" } },
    ttl: "2d",
    owner: "flights",
    tags: { month: "2026-03" },
  })
  beforeEach(() => {
    using registry = openFeatureRegistry(loadConfig({ ROADMAP_HOME: home }))
    const service = defineFeatureService({ name: "delays", views: [origin] })
    registry.register(service)
    const { version } = service
    registry.linkModel({ model: "flight-delay", version: 2, service: "delays", serviceVersion: version })
  })

  test("of a view are listed with what they mean, from its table to the models that use it", async () => {
    const { stdout } = await roadmap(["features", "origin_delay"])
    expect(stdout).toContain("from gold.flights, known at landed_at, latest values live 2d")
    expect(stdout).toContain("mean_3h: mean of delay over 3h, sliding")
    expect(stdout).toMatch(/services +delays \(/)
    expect(stdout).toMatch(/models +flight-delay\/2/)
  })

  test("are found by text, owner and tag, and a mistyped name suggests the nearest", async () => {
    const names = async (...args: string[]) =>
      JSON.parse((await roadmap(["features", "--json", ...args])).stdout).definitions.map(
        ({ name }: { name: string }) => name,
      )
    expect(await names()).toEqual(["delays", "origin_delay"])
    expect(await names("--tag", "month=2026-03")).toEqual(["origin_delay"])
    expect(await names("--search", "mean_3h")).toEqual(["origin_delay"])
    expect(await names("--owner", "nobody")).toEqual([])
    const missed = await roadmap(["features", "origin_dely"])
    expect(missed.code).toBe(1)
    expect(missed.stderr).toContain('Did you mean "origin_delay"?')
    expect((await roadmap(["features", "--tag", "month"])).code).toBe(2)
  })
})

// util-linux's script gives the child a terminal of its own.
describe.runIf(existsSync("/usr/bin/script"))("a question on a terminal", () => {
  const ask = (keys: string) =>
    new Promise<{ code: number; screen: string }>(resolve => {
      const bin = join(import.meta.dirname, "..", "bin", "roadmap.js")
      const line = `'${process.execPath}' '${bin}' clean`
      const env = { PATH: process.env.PATH, ROADMAP_HOME: home }
      const child = execFile("/usr/bin/script", ["-qec", line, "/dev/null"], { env }, (error, stdout) =>
        resolve({ code: Number(error?.code ?? 0), screen: stdout }),
      )
      let asked = false
      child.stdout?.on("data", text => {
        if (!asked && String(text).includes("[y/N]")) asked = child.stdin!.write(keys)
      })
    })

  beforeEach(() => {
    mkdirSync(join(home, "reports"))
    writeFileSync(join(home, "reports", "page.html"), "kept?")
  })
  const kept = () => existsSync(join(home, "reports", "page.html"))

  test("n deletes nothing and is no error", async () => {
    const { code, screen } = await ask("n\n")
    expect(screen).toContain("Nothing was done.")
    expect(screen).not.toContain("✖")
    expect({ code, kept: kept() }).toEqual({ code: 1, kept: true })
  })

  test("Ctrl-C deletes nothing", async () => {
    const { code, screen } = await ask("\x03")
    expect(screen).toMatch(/\n✖ INTERRUPTED: Nothing was done\./)
    expect({ code, kept: kept() }).toEqual({ code: 130, kept: true })
  })

  test("y deletes", async () => {
    expect(await ask("y\n")).toMatchObject({ code: 0 })
    expect(kept()).toBe(false)
  })
})
