/**
 * Requests of one row against the same 200 trees on the same made-up rows of 12 numbers: this server;
 * FastAPI with LightGBM (the trees written in LightGBM's format), in its thread pool and on its event loop;
 * `mlflow models serve` (the trees as ONNX); BentoML with LightGBM. Every server has one worker and one core,
 * the load generator another; 32 connections, each with its next request as soon as it has its answer. First
 * every system must give the right answers. Systems alternate; medians over repetitions. Then this server
 * with its prediction log, and with features looked up by key in SQLite.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { delimiter, dirname, join } from "node:path"
import { setTimeout as wait } from "node:timers/promises"
import { loadConfig } from "@roadmap/core/config"
import { RoadmapError } from "@roadmap/core/errors"
import { onnxRequirements } from "@roadmap/model-registry/onnx-flavor"
import { measure, pythonWith } from "../process.ts"
import { type BenchRow, type BenchRun, median, thisMachine } from "../result.ts"

const lightgbm = ["lightgbm==4.7.0", "numpy==2.4.6"]
const fastapi = [...lightgbm, "fastapi==0.165.0", "uvicorn[standard]==0.54.0"]
const bentoml = [...lightgbm, "bentoml==1.4.39"]
const [serverCore, loadCore] = ["0", "1"]

interface Rows {
  bodies: string[]
  keyed: string[]
  expected: number[]
}

interface System {
  readonly name: string
  /** A folder for what the load needs. */
  readonly home: string
  readonly path: string
  readonly bodies: readonly string[]
  start(port: number): ChildProcess
}

interface Found {
  readonly rate: number
  readonly p50: number
  readonly p99: number
}

export const run: BenchRun = async ({ quick, signal }) => {
  const { home: installed } = loadConfig()
  const home = await mkdtemp(join(tmpdir(), "bench-serving-"))
  const { repetitions, seconds } = quick ? { repetitions: 1, seconds: 3 } : { repetitions: 3, seconds: 8 }
  try {
    const own = (task: object) => [join(import.meta.dirname, "work.ts"), JSON.stringify({ home, ...task })]
    await measure(process.execPath, own({ task: "prepare" }), { signal })
    const rows: Rows = JSON.parse(await readFile(join(home, "rows.json"), "utf8"))
    const pythons = {
      fastapi: await pythonWith(installed, fastapi),
      bentoml: await pythonWith(installed, bentoml),
      mlflow: await pythonWith(installed, onnxRequirements),
    }
    const systems = systemsOf(home, own, pythons, rows)
    const found = new Map<string, Found[]>(systems.map(({ name }) => [name, []]))
    for (let repetition = 0; repetition < repetitions; repetition++)
      for (const system of systems) {
        signal.throwIfAborted()
        found.get(system.name)!.push(await measured(system, rows.expected, seconds, signal))
        process.stderr.write(`${system.name}: repetition ${repetition + 1} of ${repetitions}\n`)
      }
    const middle = (name: string, which: keyof Found) => median(found.get(name)!.map(each => each[which]))
    const figures: [keyof Found, string, string][] = [
      ["rate", "requests a second, one row each, 32 connections, one core", "1/s"],
      ["p50", "latency of the same, p50", "ms"],
      ["p99", "latency of the same, p99", "ms"],
    ]
    return {
      bench: "serving",
      machine: thisMachine(),
      rows: systems.flatMap(({ name }) =>
        figures.map(
          ([which, metric, unit]): BenchRow => ({ system: name, metric, value: middle(name, which), unit }),
        ),
      ),
      ratios: {
        "time a request / FastAPI": middle(fastapiNames.threads, "rate") / middle(ours, "rate"),
        "p99 / FastAPI": middle(ours, "p99") / middle(fastapiNames.threads, "p99"),
        "time a request / FastAPI, on its loop": middle(fastapiNames.loop, "rate") / middle(ours, "rate"),
        "p99 / FastAPI, on its loop": middle(ours, "p99") / middle(fastapiNames.loop, "p99"),
        "time a request / mlflow models serve": middle("mlflow models serve", "rate") / middle(ours, "rate"),
        "p99 / mlflow models serve": middle(ours, "p99") / middle("mlflow models serve", "p99"),
        "time a request / BentoML": middle("BentoML + LightGBM", "rate") / middle(ours, "rate"),
        "time a request with the prediction log / without":
          middle(ours, "rate") / middle(`${ours}, prediction log`, "rate"),
        "time a request by key with the prediction log / with features":
          middle(ours, "rate") / middle(`${ours}, features by key, prediction log`, "rate"),
      },
    }
  } finally {
    await rm(home, { recursive: true, force: true })
  }
}

const ours = "this server"
const fastapiNames = { threads: "FastAPI + LightGBM", loop: "FastAPI + LightGBM, on its event loop" } as const

const systemsOf = (
  home: string,
  own: (task: object) => string[],
  pythons: Record<"fastapi" | "bentoml" | "mlflow", string>,
  rows: Rows,
): System[] => {
  const model = join(home, "model.txt")
  const pinned = (program: string, args: readonly string[], more: Record<string, string> = {}) =>
    spawn("taskset", ["-c", serverCore, program, ...args], {
      detached: true,
      stdio: ["ignore", "ignore", "inherit"],
      cwd: import.meta.dirname,
      env: {
        ...process.env,
        PATH: `${dirname(program)}${delimiter}${process.env.PATH}`,
        OMP_NUM_THREADS: "1",
        MLFLOW_DISABLE_TELEMETRY: "true",
        BENTOML_DO_NOT_TRACK: "True",
        DO_NOT_TRACK: "1",
        BENTOML_HOME: join(home, "bentoml"),
        MODEL_FILE: model,
        ...more,
      },
    })
  const here = (name: string, task: object, path = "/invocations", bodies = rows.bodies): System => ({
    name,
    home,
    path,
    bodies,
    start: port => pinned(process.execPath, own({ task: "serve", port, ...task })),
  })
  const fastapiSystem = (where: "threads" | "loop"): System => ({
    name: fastapiNames[where],
    home,
    path: "/invocations",
    bodies: rows.bodies,
    start: port =>
      pinned(pythons.fastapi, [join(import.meta.dirname, "peer.py"), model, String(port), where]),
  })
  return [
    here(ours, {}),
    fastapiSystem("threads"),
    fastapiSystem("loop"),
    {
      name: "mlflow models serve",
      home,
      path: "/invocations",
      bodies: rows.bodies,
      start: port =>
        pinned(join(dirname(pythons.mlflow), "mlflow"), [
          ...["models", "serve", "-m", join(home, "model"), "-h", "127.0.0.1", "-p", String(port)],
          ...["--env-manager", "local", "--workers", "1"],
        ]),
    },
    {
      name: "BentoML + LightGBM",
      home,
      path: "/invocations",
      bodies: rows.bodies,
      start: port =>
        pinned(join(dirname(pythons.bentoml), "bentoml"), [
          ...["serve", "bento:Delay", "--host", "127.0.0.1", "--port", String(port), "--api-workers", "1"],
        ]),
    },
    here(`${ours}, prediction log`, { withLog: true }),
    here(`${ours}, features by key`, { byKey: true }, "/models/delay/by-key", rows.keyed),
    here(
      `${ours}, features by key, prediction log`,
      { byKey: true, withLog: true },
      "/models/delay/by-key",
      rows.keyed,
    ),
  ]
}

const measured = async (
  system: System,
  expected: readonly number[],
  seconds: number,
  signal: AbortSignal,
): Promise<Found> => {
  const port = await freePort()
  const server = system.start(port)
  try {
    const url = `http://127.0.0.1:${port}${system.path}`
    await answersRight(url, system, expected, server, signal)
    const load = { url, bodies: system.bodies, connections: 32, seconds, warmupSeconds: Math.min(3, seconds) }
    const options = join(system.home, "load.json")
    await writeFile(options, JSON.stringify(load))
    const args = ["-c", loadCore, process.execPath, join(import.meta.dirname, "load.ts"), options]
    const { failed, ...found } = JSON.parse((await measure("taskset", args, { signal })).stdout)
    if (failed > 0) throw new RoadmapError("INTERNAL", `${system.name} failed ${failed} requests under load.`)
    return found
  } finally {
    await ended(server)
  }
}

/** Waits until the server is up, then compares its first answers with the right ones. */
const answersRight = async (
  url: string,
  { name, bodies }: System,
  expected: readonly number[],
  server: ChildProcess,
  signal: AbortSignal,
): Promise<void> => {
  const deadline = Date.now() + 180_000
  for (let row = 0; row < 50; ) {
    signal.throwIfAborted()
    if (server.exitCode !== null || Date.now() > deadline)
      throw new RoadmapError("START_FAILED", `${name} did not come up.`)
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: bodies[row],
    }).catch(() => undefined)
    if (answer?.ok !== true) {
      await wait(200)
      continue
    }
    const { predictions } = (await answer.json()) as { predictions: { prediction: number }[] }
    if (!(Math.abs(predictions[0].prediction - expected[row]) <= 1e-9 * Math.max(1, Math.abs(expected[row]))))
      throw new RoadmapError(
        "INTERNAL",
        `${name} predicts ${predictions[0].prediction} for row ${row}; ${expected[row]} is right.`,
      )
    row++
  }
}

/** With the processes it started. */
const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const { pid } = child
  const exit = once(child, "exit")
  process.kill(-pid, "SIGTERM")
  const force = setTimeout(() => process.kill(-pid, "SIGKILL"), 10_000)
  await exit
  clearTimeout(force)
}

const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1")
  await once(server, "listening")
  const address = server.address()
  server.close()
  await once(server, "close")
  if (address === null || typeof address === "string") throw new Error("no port")
  return address.port
}
