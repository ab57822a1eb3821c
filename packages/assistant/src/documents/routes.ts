import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import type { Document } from "@roadmap/rag/document"
import type { DocumentIndex } from "@roadmap/rag/document-index"
import { signalOf } from "@roadmap/serving/operate/admission"
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify"
import { z } from "zod"
import type { Figures } from "../protocol/figures.ts"
import { describeIssues } from "../protocol/json-body.ts"
import { readFiles } from "./multipart.ts"
import { type Uploads, uploadSource } from "./uploads.ts"

/** Characters of a document's text that one request gets. */
const longestText = 200_000

const whole = z
  .string()
  .regex(/^\d{1,9}$/, "a whole number was expected")
  .transform(Number)

export const listSchema = z.strictObject({
  source: z.string().max(100).optional(),
  /** Id of the last document of the page before. */
  after: z.string().max(1_000).optional(),
  limit: whole.pipe(z.number().min(1).max(1_000)).default(100),
})

export const textSchema = z.strictObject({ start: whole.default(0), end: whole.optional() })

/** The indexed documents: list, text, and, where uploads are taken, adding and deleting. */
export const addDocuments = (
  routes: FastifyInstance,
  { index, uploads, figures }: { index: DocumentIndex; uploads?: Uploads; figures: Figures },
): void => {
  routes.get("/v1/documents", async request => {
    const { source, after, limit } = readQuery(request, listSchema)
    const documents = await index.documents({ source, after, limit: limit + 1 })
    const page = documents.slice(0, limit)
    return { documents: page, ...(documents.length > limit && { next: page.at(-1)?.id }) }
  })
  routes.get<{ Params: { "*": string } }>("/v1/documents/*", async request => {
    const { start, end = start + longestText } = readQuery(request, textSchema)
    const document = await index.document(request.params["*"])
    if (document === undefined) throw notFound(request.params["*"])
    return viewText(document, start, Math.min(end, start + longestText))
  })
  if (uploads === undefined) return

  let waiting = 0
  routes.post(
    "/v1/documents",
    {
      bodyLimit: uploads.limits.bodyBytes,
      // Before the body is read: waiting uploads would fill the memory.
      onRequest: (_request, reply, next) => {
        if (waiting >= uploads.limits.waiting) {
          reply.header("retry-after", "5")
          return next(
            new RoadmapError("OVERLOADED", `${waiting} uploads are in work; no more are taken now.`, {
              hint: "Wait as long as Retry-After says.",
              retryable: true,
            }),
          )
        }
        waiting++
        reply.raw.once("close", () => waiting--)
        next()
      },
    },
    async (request, reply) => {
      try {
        const { documents, skipped } = await withSignal(request, reply, async signal => {
          const type = request.headers["content-type"] ?? ""
          const files = await readFiles(bodyOf(request), type, uploads.limits)
          return uploads.add(files, signal)
        })
        figures.uploaded("taken")
        return reply.code(201).send({ documents: documents.map(viewDocument), skipped })
      } catch (error) {
        figures.uploaded("refused")
        throw toRoadmapError(error)
      }
    },
  )
  routes.delete<{ Params: { "*": string } }>("/v1/documents/*", async (request, reply) => {
    const id = request.params["*"]
    if (!id.startsWith(`${uploadSource}/`)) {
      if ((await index.document(id)) === undefined) throw notFound(id)
      throw new RoadmapError("PERMISSION", `"${id}" was not uploaded: it belongs to the corpus.`, {
        hint: `Only documents of the source ${uploadSource} can be deleted.`,
      })
    }
    await withSignal(request, reply, signal => uploads.remove(id, signal))
    return reply.code(204).send()
  })
}

export const viewDocument = ({ id, source, uri, title, format, text }: Document) => ({
  id,
  source,
  uri,
  title,
  format,
  length: text.length,
})

const viewText = (document: Document, start: number, end: number) => ({
  ...viewDocument(document),
  metadata: document.metadata,
  start: Math.min(start, document.text.length),
  end: Math.min(Math.max(start, end), document.text.length),
  text: document.text.slice(start, end),
})

const bodyOf = ({ body }: FastifyRequest): Buffer => {
  if (Buffer.isBuffer(body)) return body
  throw new RoadmapError("INVALID_INPUT", "Documents are uploaded as multipart/form-data.", {
    hint: 'Send each document as a file in a field called "file".',
  })
}

const readQuery = <T>(request: FastifyRequest, schema: z.ZodType<T>): T => {
  const parsed = schema.safeParse(request.query)
  if (parsed.success) return parsed.data
  throw new RoadmapError("INVALID_INPUT", `The query cannot be used: ${describeIssues(parsed.error)}.`)
}

const withSignal = async <T>(
  request: FastifyRequest,
  reply: FastifyReply,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const { signal, release } = signalOf(request, reply)
  try {
    return await work(signal)
  } finally {
    release()
  }
}

const notFound = (id: string): RoadmapError =>
  new RoadmapError("NOT_FOUND", `There is no document "${id.slice(0, 200)}".`, {
    hint: "GET /v1/documents lists them.",
  })
