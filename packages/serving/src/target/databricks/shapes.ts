import { z } from "zod"
import type { Endpoint, Serving } from "../port.ts"

/** Answers of Databricks Model Serving's REST API 2.0 (https://docs.databricks.com/api/workspace/servingendpoints). */
const entity = z.object({
  name: z.string(),
  entity_name: z.string(),
  entity_version: z.string().regex(/^\d+$/),
  workload_size: z.string().optional(),
  scale_to_zero_enabled: z.boolean().optional(),
  state: z
    .object({ deployment: z.string().optional(), deployment_state_message: z.string().optional() })
    .optional(),
})
const config = z.object({
  served_entities: z.array(entity).default([]),
  traffic_config: z
    .object({
      routes: z
        .array(
          z.object({
            served_model_name: z.string().optional(),
            served_entity_name: z.string().optional(),
            traffic_percentage: z.int(),
          }),
        )
        .default([]),
    })
    .default({ routes: [] }),
})

export const endpointAnswer = z.object({
  name: z.string(),
  state: z.object({
    ready: z.enum(["READY", "NOT_READY"]),
    config_update: z.enum(["NOT_UPDATING", "IN_PROGRESS", "UPDATE_FAILED", "UPDATE_CANCELED"]),
  }),
  config: config.optional(),
  pending_config: config.optional(),
})
export type EndpointAnswer = z.output<typeof endpointAnswer>

export const endpointsAnswer = z.object({
  endpoints: z
    .array(z.object({ name: z.string(), state: endpointAnswer.shape.state, config: z.unknown().optional() }))
    .default([]),
})
/** What an endpoint predicts, of MLflow's scoring protocol. */
export const predictionsAnswer = z.object({ predictions: z.array(z.unknown()) })
export const nothing = z.object({})

const updates = {
  NOT_UPDATING: "none",
  IN_PROGRESS: "in_progress",
  UPDATE_FAILED: "failed",
  UPDATE_CANCELED: "canceled",
} as const

export const toEndpoint = ({ name, state, config, pending_config }: EndpointAnswer): Endpoint => {
  const serving = config && config.served_entities.length > 0 ? toServing(config) : undefined
  const update = updates[state.config_update]
  const failing = [...(pending_config?.served_entities ?? []), ...(config?.served_entities ?? [])].flatMap(
    ({ name, state }) =>
      state?.deployment === "DEPLOYMENT_FAILED" || state?.deployment === "DEPLOYMENT_ABORTED"
        ? [`${name}: ${state.deployment_state_message || state.deployment}`]
        : [],
  )
  return {
    name,
    ready: state.ready === "READY",
    update,
    ...(serving && { serving }),
    ...(failing.length > 0 && { message: failing.join("; ") }),
  }
}

export const toServing = (given: z.output<typeof config>): Serving => ({
  entities: given.served_entities.map(each => ({
    name: each.name,
    model: each.entity_name,
    version: Number(each.entity_version),
    ...(sizes.includes(each.workload_size as "Small") && { size: each.workload_size as "Small" }),
    ...(each.scale_to_zero_enabled !== undefined && { scaleToZero: each.scale_to_zero_enabled }),
  })),
  traffic: Object.fromEntries(
    given.traffic_config.routes.map(route => [
      route.served_model_name ?? route.served_entity_name ?? "",
      route.traffic_percentage,
    ]),
  ),
})
const sizes = ["Small", "Medium", "Large"]

/** What the API is sent. */
export const toConfig = ({ entities, traffic }: Serving) => ({
  served_entities: entities.map(({ name, model, version, size = "Small", scaleToZero = true }) => ({
    name,
    entity_name: model,
    entity_version: String(version),
    workload_size: size,
    scale_to_zero_enabled: scaleToZero,
  })),
  traffic_config: {
    routes: entities.map(({ name }) => ({ served_model_name: name, traffic_percentage: traffic[name] ?? 0 })),
  },
})
