// Registers a model and dies by SIGKILL when its first file is uploaded. Arguments: server, model directory, name, home.
import { mlflowModelRegistry } from "../../../packages/model-registry/src/adapters/mlflow.ts"
import { startFaultProxy } from "./fault-proxy.ts"

const [url, directory, name, home] = process.argv.slice(2)
const proxy = await startFaultProxy(url)
setInterval(() => {
  if (proxy.seen.some(line => line.startsWith("PUT"))) process.kill(process.pid, "SIGKILL")
}, 1)
const registry = await mlflowModelRegistry({
  endpoint: { baseUrl: proxy.url, headers: {}, secrets: [], kind: "mlflow" },
  cache: `${home}/cache`,
})
await registry.register({ name, directory })
