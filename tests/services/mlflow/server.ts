import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { startService, stopService } from "../../../packages/services/src/service.ts"

/** An MLflow server of a test file's own, with nothing in it. */
export interface TestServer {
  url: string
  /** A folder for the test's own state. */
  home: string
  stop(): Promise<void>
  /** On the same port, with the same data. */
  start(): Promise<void>
  /** Stops it and removes everything. */
  remove(): Promise<void>
}

export const startTestServer = async (options: { dataFolder?: string } = {}): Promise<TestServer> => {
  const home = mkdtempSync(join(tmpdir(), "roadmap-mlflow-"))
  const running = await startService("mlflow", { home, starter: "native", ...options })
  const { ports } = running
  return {
    url: running.variables.MLFLOW_TRACKING_URI,
    home,
    stop: async () => void (await stopService("mlflow", { home })),
    start: async () =>
      void (await startService("mlflow", { home, starter: "native", port: ports.main, ...options })),
    remove: async () => {
      await stopService("mlflow", { home })
      rmSync(home, { recursive: true, force: true })
    },
  }
}
