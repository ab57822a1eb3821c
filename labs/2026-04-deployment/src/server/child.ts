/** The server in a process of its own: it starts, answers, and ends with its parent. */
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { flightFeatures } from "@roadmap/lab-2026-03-features/definitions"
import { startServer } from "@roadmap/serving/server"
import type { Deployment, Reply, Request } from "./messages.ts"

let server: Awaited<ReturnType<typeof startServer>> | undefined

// #region serve
const start = ({ config, models, featuresAt, timeoutMs, predictionLog }: Deployment) =>
  startServer(config, {
    models: [...models],
    port: 0,
    reloadMs: 200,
    ...(featuresAt !== undefined && { features: { service: flightFeatures, now: () => featuresAt } }),
    ...(timeoutMs !== undefined && { admission: { timeoutMs } }),
    ...(predictionLog !== undefined && { predictionLog: { folder: predictionLog } }),
  })
// #endregion

const answer = async (request: Request): Promise<Reply> => {
  const { id } = request
  if (request.type === "start") {
    server = await start(request.deployment)
    return { id, type: "started", url: server.url }
  }
  if (!server) throw new RoadmapError("INTERNAL", "The server was not started.")
  if (request.type === "reload") await server.check()
  if (request.type === "close") await server.close()
  if (request.type !== "usage") return { id, type: "done" }
  const { user, system } = process.cpuUsage()
  return {
    id,
    type: "usage",
    cpuSeconds: (user + system) / 1e6,
    residentBytes: process.memoryUsage.rss(),
  }
}

process.on("message", async (request: Request) => {
  try {
    process.send!(await answer(request))
  } catch (error) {
    const { code, message, hint } = toRoadmapError(error)
    process.send!({ id: request.id, type: "failed", code, message, ...(hint !== undefined && { hint }) })
  }
  if (request.type === "close") process.disconnect()
})
// A parent that was killed closes nothing.
process.on("disconnect", () => process.exit())
