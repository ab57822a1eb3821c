import { join } from "node:path"
import type { Engine } from "../engine.ts"
import { preparePython } from "../python.ts"
import { requirementsOf } from "../requirements.ts"

const version = "3.17.2"

/** MLflow's tracking server and model registry: SQLite behind it, artifacts through its own proxy. */
export const mlflow: Engine = {
  name: "mlflow",
  title: "MLflow",
  versions: { mlflow: version },
  startSeconds: 120,
  async native(launch) {
    const { installFolder, dataFolder, signal, say } = launch
    const { bin } = await preparePython({
      requirements: { lockFile: requirementsOf("mlflow.txt") },
      folder: installFolder,
      purpose: `MLflow ${version}`,
      signal,
      onProgress: say,
    })
    const port = await launch.port("main")
    await launch.spawn({
      role: "server",
      program: join(bin, "mlflow"),
      args: [
        "server",
        ...["--backend-store-uri", `sqlite:///${join(dataFolder, "mlflow.db")}`],
        ...["--artifacts-destination", join(dataFolder, "artifacts")],
        ...["--host", "127.0.0.1", "--port", String(port), "--workers", "1"],
      ],
      cwd: dataFolder,
      variables: {
        MLFLOW_SERVER_ENABLE_JOB_EXECUTION: "false",
        MLFLOW_DISABLE_TELEMETRY: "true",
        DO_NOT_TRACK: "true",
        PYTHONUNBUFFERED: "1",
      },
      // The server would take itself for a client of another one.
      unset: ["MLFLOW_TRACKING_URI", "MLFLOW_REGISTRY_URI", "PYTHONPATH", "PYTHONHOME"],
    })
    return { variables: variablesOf(port) }
  },
  compose: {
    service: "mlflow",
    ports: { main: "MLFLOW_PORT" },
    variables: ({ ports }) => variablesOf(ports.main),
  },
  async answers({ ports, signal }) {
    const [health, served] = await Promise.all(
      ["health", "version"].map(async path => {
        const answer = await fetch(`http://127.0.0.1:${ports.main}/${path}`, { signal })
        return answer.ok ? await answer.text() : ""
      }),
    )
    return health === "OK" && served === version
  },
}

const variablesOf = (port: number) => ({ MLFLOW_TRACKING_URI: `http://127.0.0.1:${port}` })
