import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { join } from "node:path"
import { RoadmapError } from "@roadmap/core/errors"
import type { Engine } from "../engine.ts"
import { prepareJars } from "../jars.ts"
import { lastLine, runProgram } from "../programs.ts"
import { requirementsOf } from "../requirements.ts"

const version = "4.4.0"
export const kafkaJars = [
  `org.apache.kafka:kafka_2.13:${version}`,
  "org.apache.logging.log4j:log4j-slf4j-impl:2.25.5",
]

/** A Kafka broker that is its own controller (KRaft): one node, on 127.0.0.1, without passwords. */
export const kafka: Engine = {
  name: "kafka",
  title: "Kafka",
  versions: { kafka: version },
  startSeconds: 90,
  async native(launch) {
    const { installFolder, dataFolder, folder, signal, say } = launch
    const jars = await prepareJars({
      coordinates: kafkaJars,
      checksumFile: requirementsOf("kafka.sha256"),
      folder: installFolder,
      signal,
      onProgress: say,
    })
    const [broker, controller] = [await launch.port("main"), await launch.port("controller")]
    const properties = join(folder, "server.properties")
    const logging = join(folder, "log4j2.properties")
    await writeFile(logging, logSettings)
    const logs = join(dataFolder, "log")
    await mkdir(logs, { recursive: true })
    await writeFile(properties, propertiesOf({ broker, controller, logs }))
    const classPath = ["-cp", join(jars, "*")]
    if (!existsSync(join(logs, "meta.properties"))) {
      const format = ["kafka.tools.StorageTool", "format", "-c", properties, "-t", clusterId()]
      const { status, stdout, stderr } = await runProgram("java", [...classPath, ...format], { signal })
      if (status !== 0)
        throw new RoadmapError(
          "START_FAILED",
          `Kafka's storage cannot be made: ${lastLine(`${stdout}${stderr}`)}`,
        )
    }
    await launch.spawn({
      role: "server",
      program: "java",
      args: ["-Xmx512m", `-Dlog4j2.configurationFile=${logging}`, ...classPath, "kafka.Kafka", properties],
      cwd: dataFolder,
    })
    return { variables: variablesOf(broker) }
  },
  compose: {
    service: "kafka",
    ports: { main: "KAFKA_PORT" },
    variables: ({ ports }) => variablesOf(ports.main),
  },
  /** ApiVersions v0, which a broker answers before anything else: https://kafka.apache.org/protocol#The_Messages_ApiVersions */
  async answers({ ports, signal }) {
    const call = Buffer.from("000000 0a 0012 0000 00000007 ffff".replaceAll(" ", ""), "hex")
    const answer = await ask(ports.main, call, signal)
    return answer.length >= 10 && answer.readInt32BE(4) === 7 && answer.readInt16BE(8) === 0
  },
}

const variablesOf = (port: number) => ({ KAFKA_BROKERS: `127.0.0.1:${port}` })

const propertiesOf = (place: { broker: number; controller: number; logs: string }): string =>
  Object.entries({
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.quorum.voters": `1@127.0.0.1:${place.controller}`,
    "controller.listener.names": "CONTROLLER",
    listeners: `PLAINTEXT://127.0.0.1:${place.broker},CONTROLLER://127.0.0.1:${place.controller}`,
    "advertised.listeners": `PLAINTEXT://127.0.0.1:${place.broker}`,
    "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
    // In a properties file a backslash escapes.
    "log.dirs": place.logs.replaceAll("\\", "\\\\"),
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
  })
    .map(([name, value]) => `${name}=${value}\n`)
    .join("")

const logSettings = `rootLogger.level = info
rootLogger.appenderRef.console.ref = console
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = %d{ISO8601} %-5p %c{1}: %m%n
logger.network.name = org.apache.kafka.clients.NetworkClient
logger.network.level = warn
`

/** 16 random bytes as Kafka writes them; a first "-" would be taken for an option. */
const clusterId = (): string => randomBytes(16).toString("base64url").replace(/^-/, "A")

const ask = (port: number, call: Buffer, signal: AbortSignal): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ host: "127.0.0.1", port, signal }, () => socket.write(call))
    let answer: Buffer = Buffer.alloc(0)
    socket.on("data", bytes => {
      answer = Buffer.concat([answer, bytes])
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return
      resolve(answer)
      socket.destroy()
    })
    socket.once("error", reject)
    socket.once("close", () => resolve(answer))
  })
