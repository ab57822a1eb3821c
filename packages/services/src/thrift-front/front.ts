import { timingSafeEqual } from "node:crypto"
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http"
import { createServer } from "node:https"
import type { AddressInfo } from "node:net"
import { buffer } from "node:stream/consumers"
import { patchCall, patchReply } from "./patches.ts"

export interface FrontOptions {
  /** Spark's Thrift server in HTTP mode, path `cliservice`. */
  readonly upstream: { readonly host: string; readonly port: number } | { readonly socketPath: string }
  readonly token: string
  /** PEM texts. */
  readonly certificate: string
  readonly key: string
  /** 0 takes a free port. */
  readonly port: number
}

const warehousePath = /^\/sql\/1\.0\/(warehouses|endpoints)\/[\w-]+\/?$/
const largestCall = 2 ** 26

/** HTTPS on 127.0.0.1 in front of Spark's Thrift server, which then answers as a Databricks SQL warehouse does. */
export const startFront = async (
  options: FrontOptions,
): Promise<{ port: number; close(): Promise<void> }> => {
  const agent = new Agent({ keepAlive: true })
  const server = createServer({ cert: options.certificate, key: options.key }, (call, answer) => {
    serve(options, agent, call, answer).catch((error: unknown) => {
      if (answer.headersSent) answer.destroy()
      else refuse(answer, 502, "BAD_GATEWAY", error instanceof Error ? error.message : String(error))
    })
  })
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject)
    server.listen(options.port, "127.0.0.1", resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      agent.destroy()
      await closed
    },
  }
}

const serve = async (
  options: FrontOptions,
  agent: Agent,
  call: IncomingMessage,
  answer: ServerResponse,
): Promise<void> => {
  if (!hasToken(call, options.token))
    return refuse(answer, 401, "UNAUTHENTICATED", "The token is missing or wrong.")
  const path = call.url?.split("?")[0] ?? ""
  if (!warehousePath.test(path)) return refuse(answer, 404, "ENDPOINT_NOT_FOUND", `There is no ${path}.`)
  if (call.method !== "POST") return refuse(answer, 405, "METHOD_NOT_ALLOWED", "Thrift calls are POSTed.")
  if (Number(call.headers["content-length"] ?? 0) > largestCall)
    return refuse(answer, 413, "REQUEST_TOO_LARGE", `A call has at most ${largestCall} bytes.`)

  const asked = await buffer(call)
  let patched: Buffer
  try {
    patched = patchCall(asked)
  } catch (error) {
    return refuse(answer, 400, "MALFORMED_REQUEST", error instanceof Error ? error.message : String(error))
  }
  const { status, body } = await askSpark(options, agent, patched, answer)
  if (status !== 200) return refuse(answer, 502, "BAD_GATEWAY", `Spark answers ${status}.`)
  const bytes = patchReply(body)
  answer.writeHead(200, { "content-type": "application/x-thrift", "content-length": bytes.length })
  answer.end(bytes)
}

const hasToken = (call: IncomingMessage, token: string): boolean => {
  const given = Buffer.from(call.headers.authorization ?? "")
  const wanted = Buffer.from(`Bearer ${token}`)
  return given.length === wanted.length && timingSafeEqual(given, wanted)
}

/** One call of Spark; given up when the one who asks goes away. Spark takes any name and password. */
const askSpark = (
  { upstream }: FrontOptions,
  agent: Agent,
  body: Buffer,
  answer: ServerResponse,
): Promise<{ status: number; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const asked = request(
      {
        ...upstream,
        agent,
        method: "POST",
        path: "/cliservice",
        headers: {
          "content-type": "application/x-thrift",
          "content-length": body.length,
          authorization: `Basic ${Buffer.from("token:x").toString("base64")}`,
        },
      },
      reply => {
        buffer(reply).then(bytes => resolve({ status: reply.statusCode ?? 500, body: bytes }), reject)
      },
    )
    asked.once("error", reject)
    answer.once("close", () => asked.destroy())
    asked.end(body)
  })

/** As a workspace refuses: JSON with an error code. */
const refuse = (answer: ServerResponse, status: number, code: string, message: string): void => {
  answer.writeHead(status, {
    "content-type": "application/json",
    connection: "close",
  })
  answer.end(JSON.stringify({ error_code: code, message }))
}
