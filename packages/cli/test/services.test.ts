import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { findProcess } from "@roadmap/services/process-table"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { roadmap } from "../testing/command.ts"

let home: string
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "roadmap-cli-services-"))
})
afterEach(() => rmSync(home, { recursive: true, force: true }))

describe("roadmap services", () => {
  test("status shows every engine as stopped where none was started, down has nothing to do", async () => {
    const { code, stdout } = await roadmap(home, ["services", "status", "--json"])
    expect(code).toBe(0)
    const { services } = JSON.parse(stdout)
    expect(services.map(({ name, status }: { name: string; status: string }) => [name, status])).toEqual(
      ["mlflow", "spark", "postgres", "kafka", "llm", "qdrant"].map(name => [name, "stopped"]),
    )
    expect((await roadmap(home, ["services", "down"])).stdout).toBe("Nothing was running.\n")
    expect((await roadmap(home, ["services", "status", "kafka"])).stdout).toMatch(/kafka +stopped +kafka 4/)
  })

  test("suggests the nearest name, before anything is started", async () => {
    for (const verb of ["up", "down", "status", "logs"]) {
      const { code, stdout } = await roadmap(home, ["services", verb, "mlflow", "postgre", "--json"])
      expect(code).toBe(2)
      expect(JSON.parse(stdout).error).toMatchObject({
        code: "UNKNOWN_NAME",
        hint: expect.stringContaining("Did you mean postgres?"),
      })
    }
    expect(existsSync(join(home, "services"))).toBe(false)
  })

  test("refuses flags that contradict each other", async () => {
    for (const args of [
      ["up", "mlflow", "--export", "--json"],
      ["up", "mlflow", "kafka", "--port", "5000"],
      ["up", "mlflow", "--port", "http"],
      ["logs", "mlflow", "--follow", "--json"],
    ])
      expect(await roadmap(home, ["services", ...args])).toMatchObject({ code: 2 })
  })

  test("up ends with 3 and says how to get the program that is missing; the others are tried", async () => {
    const bin = join(home, "bin")
    mkdirSync(bin)
    symlinkSync(process.execPath, join(bin, "node"))
    const { code, stdout, stderr } = await roadmap(home, ["services", "up", "mlflow", "kafka", "--export"], {
      env: { PATH: bin },
    })
    expect(code).toBe(3)
    expect(stdout).toBe("")
    expect(stderr).toMatch(
      /PROGRAM_MISSING: Python 3.11[\s\S]*apt-get install python3[\s\S]*PROGRAM_MISSING: Java 17/,
    )
    const json = await roadmap(home, ["services", "up", "mlflow", "--json"], { env: { PATH: bin } })
    expect(JSON.parse(json.stdout)).toMatchObject({
      services: [],
      failed: [{ name: "mlflow", error: { code: "PROGRAM_MISSING" } }],
    })
  })

  test("logs shows the last lines, and follows new ones until Ctrl-C", async () => {
    expect(await roadmap(home, ["services", "logs", "kafka"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("roadmap services up kafka"),
    })
    const log = join(home, "services", "kafka", "server.log")
    mkdirSync(dirname(log), { recursive: true })
    writeFileSync(log, "one\ntwo\nthree\n")
    expect((await roadmap(home, ["services", "logs", "-n", "2"])).stdout).toBe("kafka/server\ntwo\nthree\n")
    let child: ChildProcess | undefined
    const following = roadmap(home, ["services", "logs", "-n", "1", "--follow"], {
      onStart: started => {
        child = started
        let printed = ""
        started.stdout!.on("data", text => {
          printed += text
          if (/three/.test(printed) && !/four/.test(printed)) writeFileSync(log, "four\n", { flag: "a" })
          if (/four/.test(printed)) started.kill("SIGINT")
        })
      },
    })
    expect((await following).stdout).toMatch(/three[\s\S]*kafka\/server four\n/)
    expect(child!.signalCode).toBe(null)
  })
})

/** A state as `up` leaves it, for a process that runs and answers nobody. */
const withRunningService = async (work: (pid: number) => Promise<void>) => {
  const folder = join(home, "services", "mlflow")
  const server = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true })
  await once(server, "spawn")
  const group = {
    role: "server",
    pid: server.pid,
    start: findProcess(server.pid!)!.start,
    logFile: join(folder, "server.log"),
    stopSignal: "SIGTERM",
  }
  mkdirSync(join(folder, "data"), { recursive: true })
  writeFileSync(
    join(folder, "state.json"),
    JSON.stringify({
      format: 1,
      name: "mlflow",
      phase: "running",
      starter: "native",
      versions: {},
      startedAt: new Date().toISOString(),
      groups: [group],
      ports: { main: 9 },
      variables: { MLFLOW_TRACKING_URI: "http://127.0.0.1:9" },
      dataFolder: join(folder, "data"),
      newData: false,
    }),
  )
  try {
    await work(server.pid!)
  } finally {
    server.kill("SIGKILL")
  }
}

test("clean refuses while a service runs, and deletes its data, not the installed programs, after down", async () => {
  const installed = join(home, "services", "venv-123", "complete")
  await withRunningService(async pid => {
    mkdirSync(dirname(installed), { recursive: true })
    writeFileSync(installed, "")
    expect(await roadmap(home, ["clean", "--yes"])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/STATE_LOCKED: mlflow is running[\s\S]*roadmap services down/),
    })
    expect(existsSync(join(home, "services", "mlflow", "data"))).toBe(true)
    expect((await roadmap(home, ["services", "down"])).stdout).toMatch(/^Stopped mlflow\./)
    expect(findProcess(pid)).toBeUndefined()
    expect(await roadmap(home, ["clean", "--yes"])).toMatchObject({ code: 0 })
    expect(existsSync(join(home, "services", "mlflow"))).toBe(false)
    expect(readFileSync(installed, "utf8")).toBe("")
    expect(await roadmap(home, ["clean", "--yes", "--installed"])).toMatchObject({ code: 0 })
    expect(existsSync(installed)).toBe(false)
  })
})

test("doctor shows a service that runs and does not answer, with the way out", async () => {
  await withRunningService(async () => {
    const { code, stdout } = await roadmap(home, ["doctor", "--json"])
    expect(code).toBe(3)
    expect(JSON.parse(stdout).checks).toContainEqual(
      expect.objectContaining({
        name: "service mlflow",
        status: "failed",
        detail: "it runs and does not answer",
        hint: expect.stringContaining("roadmap services up mlflow"),
      }),
    )
  })
})
