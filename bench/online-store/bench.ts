/**
 * Online reads of 12 features of one key (four views of three), p50 and p99 of sequential reads of random keys, and the speed
 * of writing: SQLite embedded; PostgreSQL through this project's store, in process and behind a plain HTTP server; Feast on
 * the same PostgreSQL, its Python feature server and its SDK in process. Both check a value of each answer. Each
 * measurement is a fresh process; systems alternate; medians over repetitions. PostgreSQL is started for the run; Feast's server
 * runs without its restart after 1,000 requests, which would break connections.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { Agent, request } from "node:http"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { createRandom } from "@roadmap/core/random"
import { startService, stopService } from "@roadmap/services/service"
import { measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"
import { featureValue, keyOf, type Latencies, latencies, viewNames } from "./data.ts"

const requirements = ["feast[postgres]==0.67.0"]
const flights = join(import.meta.dirname, "..", "node_modules", "vega-datasets", "data", "flights-3m.parquet")
const peerFeatures = viewNames.flatMap(view => [0, 1, 2].map(number => `${view}:${view}_${number}`))

export const run: BenchRun = async ({ quick, signal }) => {
  const config = loadConfig()
  const home = await mkdtemp(join(tmpdir(), "bench-online-"))
  const sizes = quick
    ? { entities: 500, reads: 300, warm: 100, written: 100_000, repetitions: 1 }
    : { entities: 10_000, reads: 3_000, warm: 500, written: 3_000_000, repetitions: 3 }
  const service = await startService("postgres", { home, installFolder: join(config.home, "services") })
  const children: ChildProcess[] = []
  try {
    const python = await pythonWith(config.home, requirements)
    const url = service.variables.DATABASE_URL
    const sqlite = join(home, "online.sqlite")
    const settings = (store: string, more = {}) =>
      JSON.stringify({ ...sizes, store, home, facts: flights, ...more })
    const work = async <T>(task: string, store: string, more = {}): Promise<T> => {
      signal.throwIfAborted()
      const args = [join(import.meta.dirname, "work.ts"), settings(store, { task, ...more })]
      return JSON.parse((await measure(process.execPath, args, { signal })).stdout)
    }
    const { hostname: host, port, username: user, password, pathname } = new URL(url)
    const feast = JSON.stringify({
      ...sizes,
      folder: join(home, "feast"),
      postgres: { host, port: Number(port), database: pathname.slice(1), user, password },
    })
    const env = { PATH: `${dirname(python)}:${process.env.PATH}`, HOME: home, FEAST_USAGE: "False" }
    const peer = async <T>(task: string): Promise<T> => {
      const script = join(import.meta.dirname, "peer.py")
      const { stdout } = await measure(python, [script, task, feast], { env, cwd: home, signal })
      return JSON.parse(stdout.trim().split("\n").at(-1)!)
    }
    await work("fill", sqlite)
    await work("fill", url)
    await peer("prepare")

    const server = spawn(
      process.execPath,
      [join(import.meta.dirname, "work.ts"), settings(url, { task: "serve" })],
      {
        stdio: ["ignore", "pipe", "inherit"],
      },
    )
    children.push(server)
    const [line] = await once(server.stdout!, "data")
    const ownPort = Number(line)
    const feastPort = await freePort()
    children.push(
      spawn(
        join(dirname(python), "feast"),
        [
          "--chdir",
          join(home, "feast"),
          "serve",
          "-h",
          "127.0.0.1",
          "-p",
          String(feastPort),
          "--no-access-log",
          "--max-requests",
          "0",
        ],
        { env, stdio: "ignore" },
      ),
    )
    await healthy(feastPort, signal)

    const measured: Record<string, () => Promise<Latencies>> = {
      "SQLite, in process": () => work("read", sqlite),
      "PostgreSQL, in process": () => work("read", url),
      "PostgreSQL, behind node:http": () => clientReads(ownPort, sizes, signal, ownRequest),
      "Feast feature server": () => clientReads(feastPort, sizes, signal, feastRequest),
      "Feast SDK, in process": () => peer("sdk"),
    }
    const found = new Map<string, Latencies[]>(Object.keys(measured).map(name => [name, []]))
    const writes: number[] = []
    const materialized: { seconds: number; rows: number }[] = []
    for (let repetition = 0; repetition < sizes.repetitions; repetition++) {
      for (const [name, read] of Object.entries(measured)) found.get(name)!.push(await read())
      const target = (what: string) => join(home, `${what}-${repetition}.sqlite`)
      writes.push(
        (await work<{ seconds: number }>("write", target("write"), { entities: sizes.written })).seconds,
      )
      materialized.push(await work("materialize", target("materialize")))
      process.stderr.write(`repetition ${repetition + 1} of ${sizes.repetitions}\n`)
    }

    const middle = (name: string, which: keyof Latencies) => median(found.get(name)!.map(each => each[which]))
    const rows: BenchRow[] = [...found.keys()].flatMap(system =>
      (["p50", "p99"] as const).map(which => ({
        system,
        metric: `read of 12 features of one key, ${which}`,
        value: middle(system, which),
        unit: "µs",
      })),
    )
    const embedded = "SQLite, in process"
    rows.push(
      {
        system: embedded,
        metric: `write of ${sizes.written.toLocaleString("en")} new keys`,
        value: sizes.written / median(writes),
        unit: "rows/s",
      },
      {
        system: embedded,
        metric: `materialise ${materialized[0].rows.toLocaleString("en")} facts from DuckDB`,
        value: materialized[0].rows / median(materialized.map(({ seconds }) => seconds)),
        unit: "facts/s",
      },
    )
    const against = (ours: string, theirs: string) => middle(ours, "p99") / middle(theirs, "p99")
    return {
      bench: "online-store",
      machine: thisMachine(),
      rows,
      ratios: {
        "p99 in process / Feast feature server": against("PostgreSQL, in process", "Feast feature server"),
        "p99 behind HTTP / Feast feature server": against(
          "PostgreSQL, behind node:http",
          "Feast feature server",
        ),
        "p99 in process / Feast SDK": against("PostgreSQL, in process", "Feast SDK, in process"),
      },
    }
  } finally {
    for (const child of children) await ended(child)
    await stopService("postgres", { home })
    await rm(home, { recursive: true, force: true })
  }
}

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill("SIGTERM")
  const force = setTimeout(() => child.kill("SIGKILL"), 5_000)
  await once(child, "exit")
  clearTimeout(force)
}

interface Asked {
  path: string
  body: object
  /** The value of calendar_2 in the answer. */
  answerOf: (answer: unknown) => number
}

const ownRequest = (entity: number): Asked => ({
  path: "/",
  body: { entity },
  answerOf: answer => (answer as { calendar_2: number }).calendar_2,
})

const feastRequest = (entity: number): Asked => ({
  path: "/get-online-features",
  body: { features: peerFeatures, entities: { airport: [keyOf(entity)] } },
  answerOf(answer) {
    const { metadata, results } = answer as {
      metadata: { feature_names: string[] }
      results: { values: number[] }[]
    }
    return results[metadata.feature_names.indexOf("calendar_2")].values[0]
  },
})

/** Sequential requests over one kept connection. */
const clientReads = async (
  port: number,
  { entities, reads, warm }: { entities: number; reads: number; warm: number },
  signal: AbortSignal,
  ask: (entity: number) => Asked,
): Promise<Latencies> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const random = createRandom(1)
  const times: number[] = []
  try {
    for (let i = -warm; i < reads; i++) {
      signal.throwIfAborted()
      const entity = random.integer(entities)
      const { path, body, answerOf: read } = ask(entity)
      const started = performance.now()
      const answer = await post(port, path, body, agent)
      if (i >= 0) times.push((performance.now() - started) * 1_000)
      if (read(answer) !== featureValue(entity, 3, 2))
        throw new RoadmapError("INTERNAL", `A wrong value for ${entity}.`)
    }
  } finally {
    agent.destroy()
  }
  return latencies(times)
}

const post = (port: number, path: string, body: object, agent: Agent): Promise<unknown> =>
  new Promise((resolve, reject) => {
    const text = JSON.stringify(body)
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(text) }
    const sent = request({ host: "127.0.0.1", port, path, method: "POST", agent, headers }, response => {
      let answer = ""
      response.setEncoding("utf8").on("data", part => {
        answer += part
      })
      response.on("end", () =>
        response.statusCode === 200
          ? resolve(JSON.parse(answer))
          : reject(new RoadmapError("INTERNAL", `${path} answered ${response.statusCode}: ${answer}`)),
      )
    })
    sent.once("error", reject)
    sent.end(text)
  })

const healthy = async (port: number, signal: AbortSignal): Promise<void> => {
  for (const deadline = Date.now() + 120_000; ; await wait(200, undefined, { signal })) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`, { signal }).catch(() => undefined)
    if (answer?.ok) return
    if (Date.now() > deadline) throw new RoadmapError("TIMEOUT", "Feast's feature server did not start.")
  }
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, "close")
  return port
}
