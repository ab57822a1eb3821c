import { readFile, writeFile } from "node:fs/promises"
import { request } from "node:https"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import { localhostCertificate } from "../certificate.ts"
import type { Answering, Engine, Launch } from "../engine.ts"
import { prepareJars } from "../jars.ts"
import { isApart, type NetworkNamespace, networkNamespace } from "../network-namespace.ts"
import { needJava } from "../programs.ts"
import { preparePython, sitePackages } from "../python.ts"
import { requirementsOf } from "../requirements.ts"
import { keptSecret } from "../secret.ts"
import { warehouseSettings } from "../thrift-front/settings.ts"

const versions = { spark: "4.2.0", delta: "4.4.0" }
export const deltaJars = [
  `io.delta:delta-spark_4.2_2.13:${versions.delta}`,
  `io.delta:delta-storage:${versions.delta}`,
]
const httpPath = "/sql/1.0/warehouses/local"
/** The Thrift server's port inside its own network namespace, where every port is free. */
const ownPort = 10_000

/** Spark's Thrift server with Delta tables, and before it the front that makes it answer as a Databricks SQL warehouse. */
export const spark: Engine = {
  name: "spark",
  title: "Spark as a SQL warehouse",
  versions,
  startSeconds: 240,
  async native(launch) {
    await needJava(launch.signal)
    const namespace = await networkNamespace(launch.signal)
    if (namespace === undefined && !launch.allowOpenPort) throw openPort()
    const upstream = await startThriftServer(launch, namespace)
    return { variables: await startFront(launch, upstream) }
  },
  answers,
}

const openPort = () =>
  new RoadmapError(
    "START_FAILED",
    "Spark's Thrift server listens on every network interface without a password, and it cannot be shut off here: that takes Linux with unshare, nsenter and ip, as root or with user namespaces allowed.",
    {
      hint: "Behind a firewall, allow it: roadmap services up spark --allow-open-port. As root on Debian or Ubuntu: apt-get install util-linux iproute2.",
    },
  )

type Upstream = { host: string; port: number } | { socketPath: string }

const startThriftServer = async (launch: Launch, namespace?: NetworkNamespace): Promise<Upstream> => {
  const { installFolder, dataFolder, folder, signal, say } = launch
  const python = await preparePython({
    requirements: { lockFile: requirementsOf("spark.txt") },
    folder: installFolder,
    purpose: `Spark ${versions.spark}`,
    fromSource: { packages: ["pyspark"], buildLockFile: requirementsOf("spark-build.txt") },
    signal,
    onProgress: say,
  })
  const jars = await prepareJars({
    coordinates: deltaJars,
    checksumFile: requirementsOf("delta.sha256"),
    folder: installFolder,
    withoutDependencies: true,
    signal,
    onProgress: say,
  })
  const home = join(await sitePackages(python, signal), "pyspark")
  const port = namespace ? ownPort : await launch.port("thrift")
  const settings: Record<string, string> = {
    ...warehouseSettings,
    "spark.ui.enabled": "false",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.jars": deltaJars.map(jar => join(jars, `${jar.split(":").slice(1).join("-")}.jar`)).join(","),
    "spark.sql.warehouse.dir": join(dataFolder, "warehouse"),
    "spark.hadoop.hive.server2.transport.mode": "http",
    "spark.hadoop.hive.server2.thrift.http.port": String(port),
    "spark.hadoop.hive.server2.thrift.http.path": "cliservice",
  }
  const submit = [
    ...["--class", "org.apache.spark.sql.hive.thriftserver.HiveThriftServer2"],
    ...["--master", "local[2]", "--driver-memory", "2g"],
    ...Object.entries(settings).flatMap(([name, value]) => ["--conf", `${name}=${value}`]),
    "spark-internal",
  ]
  const program = join(home, "bin", "spark-submit")
  const [command, args] = namespace ? namespace.create(program, submit) : [program, submit]
  const server = await launch.spawn({
    role: "server",
    program: command,
    args,
    // Its metastore is a Derby database in the working folder.
    cwd: dataFolder,
    variables: { SPARK_HOME: home, SPARK_LOCAL_IP: "127.0.0.1", SPARK_LOCAL_HOSTNAME: "localhost" },
    unset: ["SPARK_CONF_DIR", "PYTHONPATH", "PYTHONHOME"],
  })
  if (namespace === undefined) return { host: "127.0.0.1", port }
  await launch.until("it had a network of its own", () => isApart(server.pid) || undefined)
  // Relative to the folder that both ends stand in: a socket's path has 107 bytes at most (unix(7)).
  const socketPath = "spark.sock"
  const forward = join(import.meta.dirname, "..", "socket-forward.ts")
  const [enter, words] = namespace.enter(server.pid, process.execPath, [forward, socketPath, String(ownPort)])
  await launch.spawn({ role: "forward", program: enter, args: words, cwd: folder })
  return { socketPath }
}

const startFront = async (launch: Launch, upstream: Upstream): Promise<Record<string, string>> => {
  const { folder } = launch
  const files = await localhostCertificate(folder, launch.signal)
  const token = await keptSecret(folder, "token")
  const port = await launch.port("main")
  const settings = join(folder, "front.json")
  await writeFile(settings, JSON.stringify({ upstream, token, ...files, port }), { mode: 0o600 })
  const program = join(import.meta.dirname, "..", "front-settings.ts")
  await launch.spawn({ role: "front", program: process.execPath, args: [program, settings], cwd: folder })
  return {
    DATABRICKS_HOST: `https://localhost:${port}`,
    DATABRICKS_HTTP_PATH: httpPath,
    DATABRICKS_TOKEN: token,
    NODE_EXTRA_CA_CERTS: files.certificate,
  }
}

/** Through the front to Spark and back: a call of a method that no Thrift service has is answered, by name, with 200. */
async function answers({ ports, variables, folder, signal }: Answering): Promise<boolean> {
  const token = variables.DATABRICKS_TOKEN
  const ca = await readFile(join(folder, "certificate.pem"))
  const status = await new Promise<number | undefined>((resolve, reject) => {
    const call = request(
      {
        host: "localhost",
        port: ports.main,
        family: 4,
        path: httpPath,
        method: "POST",
        ca,
        signal,
        headers: { authorization: `Bearer ${token}`, "content-type": "application/x-thrift" },
      },
      answer => {
        answer.resume().once("close", () => resolve(answer.statusCode))
      },
    )
    call.once("error", reject)
    call.end(thriftCall("Ping"))
  })
  return status === 200
}

/** A call without arguments in Thrift's strict binary protocol (thrift-binary-protocol.md). */
const thriftCall = (method: string): Buffer => {
  const name = Buffer.from(method)
  const bytes = Buffer.alloc(13 + name.length)
  bytes.writeUInt32BE(0x80010001, 0)
  bytes.writeUInt32BE(name.length, 4)
  name.copy(bytes, 8)
  return bytes
}
