import type { FastifyInstance } from "fastify"
import type { Deployments } from "../deployment.ts"

/** How the server is, beyond that it answers. */
export interface ServerState {
  /** False once it drains: it still answers what comes, and wants no more. */
  accepting(): boolean
  /** False while the model registry does not answer: the models that are loaded go on. */
  registryAnswers(): boolean
}

/**
 * `/ping` and `/health` as MLflow's server has them, `/health/live` and `/health/ready` for an
 * orchestrator, `/v2/health/*` of Open Inference, `/version`. A registry that is gone makes the server
 * `degraded`, which is ready: taking it out of service would help nobody.
 */
export const addHealth = (
  app: FastifyInstance,
  deployments: Deployments,
  state: ServerState,
  server: { name: string; version: string },
): void => {
  const models = () =>
    deployments.all.flatMap(deployment =>
      deployment.slots.map(slot => {
        const { name, version, alias } = slot.current().served
        return { deployment: deployment.name, model: name, version, ...(alias !== undefined && { alias }) }
      }),
    )
  const readiness = () => {
    if (!state.accepting()) return { status: "draining" as const, registry: registry() }
    return {
      status: state.registryAnswers() ? ("ready" as const) : ("degraded" as const),
      registry: registry(),
    }
  }
  const registry = () => (state.registryAnswers() ? "answers" : "does not answer")
  const codeOf = ({ status }: ReturnType<typeof readiness>) => (status === "draining" ? 503 : 200)

  for (const path of ["/ping", "/health"])
    app.get(path, probe, (_, reply) => reply.code(codeOf(readiness())).type("text/plain").send("\n"))
  app.get("/health/live", probe, () => ({ status: "live" }))
  app.get("/health/ready", probe, (_, reply) => {
    const ready = readiness()
    return reply.code(codeOf(ready)).send({ ...ready, models: models() })
  })
  app.get("/v2/health/live", probe, () => ({ live: true }))
  app.get("/v2/health/ready", probe, (_, reply) => {
    const ready = state.accepting()
    return reply.code(ready ? 200 : 503).send({ ready })
  })
  app.get("/version", probe, () => ({ ...server, models: models() }))
}

const probe = { config: { probe: true } }
