import { spawn } from "node:child_process"
import { createServer } from "node:net"
import { delimiter, join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"

export interface MlflowServe extends AsyncDisposable {
  readonly url: string
}

/**
 * `mlflow models serve` of a model directory, on a free port; disposing ends it with the processes it
 * started.
 */
export const mlflowServe = async (bin: string, directory: string): Promise<MlflowServe> => {
  const port = await freePort()
  const args = [
    "models",
    "serve",
    "-m",
    directory,
    "-h",
    "127.0.0.1",
    "-p",
    String(port),
    "--env-manager",
    "local",
  ]
  const child = spawn(join(bin, "mlflow"), args, {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      PATH: `${bin}${delimiter}${process.env.PATH}`,
      MLFLOW_DISABLE_TELEMETRY: "true",
      DO_NOT_TRACK: "true",
    },
  })
  let log = ""
  child.stdout.on("data", text => (log += text))
  child.stderr.on("data", text => (log += text))
  const closed = new Promise<void>(resolve => child.once("close", () => resolve()))
  const stop = async () => {
    if (child.exitCode === null && child.pid !== undefined) process.kill(-child.pid, "SIGTERM")
    await closed
  }
  const url = `http://127.0.0.1:${port}`
  const deadline = Date.now() + 180_000
  while (!(await isUp(url))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await stop()
      throw new Error(`mlflow models serve did not come up: ${log.slice(-2_000)}`)
    }
    await sleep(250)
  }
  return { url, [Symbol.asyncDispose]: stop }
}

const isUp = (url: string): Promise<boolean> =>
  fetch(`${url}/ping`, { signal: AbortSignal.timeout(2_000) }).then(
    answer => answer.ok,
    () => false,
  )

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() =>
        address !== null && typeof address === "object"
          ? resolve(address.port)
          : reject(new Error("no port")),
      )
    })
  })
