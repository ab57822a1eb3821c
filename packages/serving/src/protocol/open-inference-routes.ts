import { RoadmapError } from "@roadmap/core/errors"
import type { FastifyInstance } from "fastify"
import type { Deployment, Deployments } from "../deployment.ts"
import { unknownModel } from "./errors.ts"
import { bodyOf } from "./mlflow.ts"
import { type InferRequest, modelMetadata, readInfer, writeInfer } from "./open-inference.ts"
import { type Protocol, type ScoreEvents, score } from "./score.ts"

interface ModelParams {
  name: string
  version?: string
}

/** The routes of the Open Inference Protocol V2 but its health routes, which are with the others. */
export const addOpenInference = (
  app: FastifyInstance,
  deployments: Deployments,
  server: { name: string; version: string },
  events: ScoreEvents,
): void => {
  app.get("/v2", () => ({ ...server, extensions: [] }))
  for (const path of ["/v2/models/:name", "/v2/models/:name/versions/:version"]) {
    app.get<{ Params: ModelParams }>(path, request => {
      const deployment = findVersion(deployments, request.params)
      const models = deployment.slots.map(slot => slot.current().served)
      const shown = models.find(({ version }) => String(version) === request.params.version) ?? models[0]
      return modelMetadata(
        { ...shown, name: deployment.name },
        models.map(({ version }) => version),
      )
    })
    app.get<{ Params: ModelParams }>(`${path}/ready`, request => {
      const { name } = findVersion(deployments, request.params)
      return { name, ready: true }
    })
    app.post<{ Params: ModelParams }>(`${path}/infer`, (request, reply) => {
      score(findVersion(deployments, request.params), infer, request, reply, events)
    })
  }
}

const infer: Protocol<InferRequest> = {
  route: "infer",
  read: ({ reader, served }, request) =>
    readInfer(reader, served.signature, request.headers["content-type"], bodyOf(request)),
  write: ({ served }, question, predictions) => writeInfer(served, question, predictions),
}

/** The deployment, with the one variant that is asked for where a version is. Throws NOT_FOUND. */
const findVersion = (deployments: Deployments, { name, version }: ModelParams): Deployment => {
  const deployment = deployments.find(name)
  if (deployment === undefined)
    throw unknownModel(
      name,
      deployments.all.map(each => each.name),
    )
  if (version === undefined) return deployment
  const versions = deployment.slots.map(slot => String(slot.current().served.version))
  const variant = versions.indexOf(version)
  if (variant < 0)
    throw new RoadmapError("NOT_FOUND", `Version ${version.slice(0, 20)} of "${name}" is not served.`, {
      hint: `Served: ${versions.join(", ")}.`,
    })
  return { ...deployment, choose: () => ({ variant }) }
}
