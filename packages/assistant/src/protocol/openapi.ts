import { z } from "zod"
import { askSchema } from "../ask/question.ts"
import { listSchema, textSchema } from "../documents/routes.ts"
import { modelName } from "../openai/request.ts"

type Schema = Record<string, unknown>

/** OpenAPI 3.1 of the service; the bodies and queries are the schemas that check them. */
export const openApiDocument = (server: {
  version: string
  hasToken: boolean
  takesUploads: boolean
}): Schema => ({
  openapi: "3.1.0",
  info: {
    title: "Document assistant",
    version: server.version,
    description: "Answers questions from documents, with citations, or says that they do not answer them.",
  },
  ...(server.hasToken && { security: [{ bearer: [] }] }),
  components: {
    ...(server.hasToken && { securitySchemes: { bearer: { type: "http", scheme: "bearer" } } }),
    schemas: { Error: errorSchema },
  },
  paths: {
    "/v1/ask": {
      post: operation(
        "An answer with its sources, whole or as server-sent events (passages, text, citation, done, error)",
        {
          requestBody: json(schemaOf(askSchema)),
          ok: { "application/json": object, "text/event-stream": { schema: { type: "string" } } },
        },
      ),
    },
    "/v1/chat/completions": {
      post: operation(
        `OpenAI's chat completions with the model ${modelName}; citations in message.citations`,
        {
          requestBody: json(object.schema),
          ok: { "application/json": object, "text/event-stream": { schema: { type: "string" } } },
        },
      ),
    },
    "/v1/models": { get: operation("OpenAI's list of models", {}) },
    "/v1/assistant": { get: operation("What answers, from which sources, with which limits", {}) },
    "/v1/documents": {
      get: operation("The indexed documents, in order of id", { parameters: query(listSchema) }),
      ...(server.takesUploads && {
        post: operation("Adds documents to the index: all files of the form, or none", {
          requestBody: {
            required: true,
            content: {
              "multipart/form-data": {
                schema: {
                  type: "object",
                  properties: { file: { type: "array", items: { type: "string", format: "binary" } } },
                  required: ["file"],
                },
              },
            },
          },
          status: "201",
        }),
      }),
    },
    "/v1/documents/{id}": {
      get: operation("A document's text, or the characters from start to end of it", {
        parameters: [documentId, ...query(textSchema)],
      }),
      ...(server.takesUploads && {
        delete: operation("Deletes an uploaded document", { parameters: [documentId], status: "204" }),
      }),
    },
    "/health/live": { get: operation("Whether the process answers", {}) },
    "/health/ready": { get: operation("Whether new questions are wanted", {}) },
    "/metrics": {
      get: operation("Figures for Prometheus", { ok: { "text/plain": { schema: { type: "string" } } } }),
    },
  },
})

const object = { schema: { type: "object" } }

const errorSchema = {
  type: "object",
  properties: {
    error: {
      type: "object",
      properties: {
        code: { type: "string" },
        message: { type: "string" },
        hint: { type: "string" },
        retryable: { type: "boolean" },
      },
      required: ["code", "message", "retryable"],
    },
  },
  required: ["error"],
}

const documentId = {
  name: "id",
  in: "path",
  required: true,
  description: "fastify/docs/Reference/Server.md; the slashes may stand as they are",
  schema: { type: "string" },
}

const operation = (
  summary: string,
  { status = "200", ok = { "application/json": object }, ...rest }: Schema & { status?: string; ok?: Schema },
): Schema => ({
  summary,
  ...rest,
  responses: {
    [status]: { description: "Done", ...(status !== "204" && { content: ok }) },
    default: {
      description: "Refused or failed",
      content: { "application/json": { schema: { $ref: "#/components/schemas/Error" } } },
    },
  },
})

const json = (schema: Schema): Schema => ({ required: true, content: { "application/json": { schema } } })

const schemaOf = (schema: z.ZodType): Schema => z.toJSONSchema(schema, { io: "input" })

const query = (schema: z.ZodType): Schema[] =>
  Object.entries((schemaOf(schema).properties ?? {}) as Record<string, Schema>).map(([name, property]) => ({
    name,
    in: "query",
    schema: property,
  }))
