import type { FastifyInstance } from "fastify"

/** `/health/live` and `/health/ready` for an orchestrator: ready means that new questions are wanted. */
export const addHealth = (routes: FastifyInstance, accepting: () => boolean): void => {
  routes.get("/health/live", probe, () => ({ status: "live" }))
  for (const path of ["/health", "/health/ready"])
    routes.get(path, probe, (_request, reply) =>
      reply.code(accepting() ? 200 : 503).send({ status: accepting() ? "ready" : "draining" }),
    )
}

const probe = { config: { probe: true } }
