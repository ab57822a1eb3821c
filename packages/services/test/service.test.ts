import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { sleep } from "@roadmap/core/async"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import type { GroupRecord } from "../src/process-group.ts"
import { isAlive, startGroup, stopGroup } from "../src/process-group.ts"
import { findProcess } from "../src/process-table.ts"
import { startEngine } from "../src/start.ts"
import { readState, type ServiceState, serviceFolder, writeState } from "../src/state.ts"
import { engineStatus } from "../src/status.ts"
import { stopEngine } from "../src/stop.ts"
import { fakeEngine } from "./fake-engine.ts"

let home: string
let folder: string
const fake = fakeEngine()

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "roadmap-services-"))
  folder = serviceFolder(home, "fake")
})
afterEach(async () => {
  await stopEngine(fake, { home }).catch(() => undefined)
  rmSync(home, { recursive: true, force: true })
})

const up = (modes: string[] = [], options = {}) => startEngine(fakeEngine(...modes), { home, ...options })
const answers = async (url: string) => (await fetch(url).catch(() => undefined))?.ok ?? false
const running = (pid: number) => findProcess(pid) !== undefined

describe("up", () => {
  test("starts an engine that answers, and a second call finds it running", async () => {
    const first = await up()
    expect(first).toMatchObject({
      name: "fake",
      started: true,
      starter: "native",
      versions: { fake: "1.0.0" },
    })
    expect(await answers(first.variables.FAKE_URL)).toBe(true)
    expect(await up()).toEqual({ ...first, started: false })
    expect(await engineStatus(fake, { home })).toMatchObject({
      status: "running",
      pids: first.pids,
      ports: first.ports,
      memoryBytes: expect.toSatisfy(bytes => bytes > 1e6),
    })
  })

  test("at once from two processes starts it once", async () => {
    const both = await Promise.all([startFake([]).result, startFake([]).result])
    expect(both.map(({ started }) => started).sort()).toEqual([false, true])
    expect(both[0].pids).toEqual(both[1].pids)
  })

  test("leaves it running when its process has ended, out of reach of others", async () => {
    const service = await startFake([]).result
    expect(await answers(service.variables.FAKE_URL)).toBe(true)
    expect(statSync(folder).mode & 0o077).toBe(0)
    expect(await stopEngine(fake, { home })).toBe(true)
    expect(service.pids.some(running)).toBe(false)
  })

  test("takes the wanted port, and the same again after down", async () => {
    const { ports } = await up()
    await stopEngine(fake, { home })
    expect((await up()).ports).toEqual(ports)
    await stopEngine(fake, { home })
    expect((await up([], { port: ports.main })).ports).toEqual(ports)
  })

  test("refuses a wanted port that is taken, and names it", async () => {
    const server = createServer().listen(0, "127.0.0.1")
    await once(server, "listening")
    const { port } = server.address() as { port: number }
    await expect(up([], { port })).rejects.toMatchObject({
      code: "START_FAILED",
      exitCode: 3,
      message: `Port ${port} of 127.0.0.1 is taken.`,
    })
    server.close()
  })

  test("starts a crashed one again on its port and keeps the log of the crash", async () => {
    const first = await up()
    process.kill(first.pids[0], "SIGKILL")
    await gone(first.pids[0])
    expect(await engineStatus(fake, { home })).toMatchObject({ status: "dead", ports: first.ports })
    const second = await up()
    expect(second).toMatchObject({ started: true, variables: first.variables })
    expect(second.pids).not.toEqual(first.pids)
    expect(readFileSync(`${second.logFile}.1`, "utf8")).toContain("listening")
  })
})

describe("a start that fails", () => {
  test("says why with the log's last lines and leaves nothing behind", async () => {
    await expect(up(["fails"])).rejects.toMatchObject({
      code: "START_FAILED",
      message: expect.stringContaining("cannot open the flux capacitor"),
      hint: expect.stringContaining("server.log"),
    })
    expect(readState(folder)).toMatchObject({ phase: "stopped", groups: [], variables: {} })
    expect(await engineStatus(fake, { home })).toMatchObject({ status: "stopped", pids: [] })
  })

  test("ends the process of an engine that never answers", async () => {
    await expect(up(["silent"], { startSeconds: 0.5 })).rejects.toMatchObject({
      code: "START_FAILED",
      message: expect.stringMatching(/in 0.5 s it never came so far that it answered/),
    })
    expect(await engineStatus(fake, { home })).toMatchObject({ status: "stopped" })
  })

  test("deletes the data that it began, and never the data that was there", async () => {
    const engine = fakeEngine("fails")
    const failing = {
      ...engine,
      async native(launch: Parameters<NonNullable<typeof engine.native>>[0]) {
        writeFileSync(join(launch.dataFolder, "half"), "")
        return engine.native!(launch)
      },
    }
    const data = join(folder, "data")
    await expect(startEngine(failing, { home })).rejects.toMatchObject({ code: "START_FAILED" })
    expect(existsSync(join(data, "half"))).toBe(false)
    writeFileSync(join(data, "precious"), "")
    await expect(startEngine(failing, { home })).rejects.toMatchObject({ code: "START_FAILED" })
    expect(existsSync(join(data, "precious"))).toBe(true)
  })

  test("Ctrl-C ends what it had started", async () => {
    const { child, result } = startFake(["silent"])
    await waitFor(child, "Waiting until fake answers")
    const [{ pid }] = readState(folder)!.groups
    child.kill("SIGINT")
    expect(await result).toEqual({ code: "INTERRUPTED" })
    expect(running(pid)).toBe(false)
    expect(readState(folder)!.phase).toBe("stopped")
  })

  test("what a killed start left is stopped by the next one", async () => {
    const { child } = startFake(["silent"])
    await waitFor(child, "Waiting until fake answers")
    const [{ pid }] = readState(folder)!.groups
    child.kill("SIGKILL")
    await once(child, "close")
    expect(running(pid)).toBe(true)
    expect(await engineStatus(fake, { home })).toMatchObject({ status: "starting", pids: [pid] })
    expect(await up()).toMatchObject({ started: true })
    expect(running(pid)).toBe(false)
  })
})

describe("down", () => {
  test("is no failure when nothing runs", async () => {
    expect(await stopEngine(fake, { home })).toBe(false)
    await up()
    expect(await stopEngine(fake, { home })).toBe(true)
    expect(await stopEngine(fake, { home })).toBe(false)
  })

  test("stops the children too, also those whose parent was killed", async () => {
    for (const kill of [false, true]) {
      const { pids, logFile } = await up(["parent"])
      const child = Number(/child (\d+)/.exec(readFileSync(logFile, "utf8"))![1])
      if (kill) {
        process.kill(pids[0], "SIGKILL")
        await gone(pids[0])
      }
      expect(running(child)).toBe(true)
      expect(await stopEngine(fake, { home })).toBe(true)
      expect(running(child)).toBe(false)
    }
  })

  test("kills what does not listen to SIGTERM", async () => {
    const group = await startGroup({
      role: "server",
      program: process.execPath,
      args: [join(import.meta.dirname, "fake-server.ts"), "0", "stubborn"],
      logFile: join(home, "stubborn.log"),
      service: home,
    })
    while (!readFileSync(group.logFile, "utf8").includes("listening")) await sleep(20)
    expect(await stopGroup(group, home, { patienceMs: 200 })).toBe(true)
    expect(readFileSync(group.logFile, "utf8")).toContain("SIGTERM is ignored")
    expect(isAlive(group)).toBe(false)
  })

  test("never touches a process that got the pid of a dead one", async () => {
    const stranger = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { detached: true })
    await once(stranger, "spawn")
    const group: GroupRecord = {
      role: "server",
      pid: stranger.pid!,
      start: "another-start",
      logFile: join(folder, "server.log"),
      stopSignal: "SIGTERM",
    }
    const state: ServiceState = {
      format: 1,
      name: "fake",
      phase: "running",
      starter: "native",
      versions: {},
      startedAt: new Date().toISOString(),
      groups: [group],
      ports: {},
      variables: {},
      dataFolder: join(folder, "data"),
      newData: false,
    }
    await writeState(folder, state)
    expect(await engineStatus(fake, { home })).toMatchObject({ status: "dead", pids: [] })
    expect(await up()).toMatchObject({ started: true })
    await stopEngine(fake, { home })
    await writeState(folder, state)
    expect(await stopEngine(fake, { home })).toBe(false)
    expect(running(stranger.pid!)).toBe(true)
    stranger.kill()
  })

  test("and up and status name a state file that nobody can read", async () => {
    await writeState(folder, { format: 1 } as ServiceState)
    for (const text of ["{", '{ "format": 2 }', "null"]) {
      writeFileSync(join(folder, "state.json"), text)
      for (const call of [up, () => stopEngine(fake, { home }), () => engineStatus(fake, { home })])
        await expect(call()).rejects.toMatchObject({
          code: "STATE_CORRUPT",
          message: expect.stringContaining("state.json"),
        })
    }
    rmSync(join(folder, "state.json"))
  })
})

/** The fake engine started by a process of its own, as the command line does. */
const startFake = (modes: string[]) => {
  const child = spawn(process.execPath, [join(import.meta.dirname, "start-fake.ts"), home, ...modes])
  return {
    child,
    result: text(child.stdout).then(printed => (printed === "" ? undefined : JSON.parse(printed))),
  }
}

const waitFor = async (child: ChildProcess, said: string) => {
  for await (const part of child.stderr!) if (String(part).includes(said)) return
}

const gone = async (pid: number) => {
  while (running(pid)) await sleep(20)
}
