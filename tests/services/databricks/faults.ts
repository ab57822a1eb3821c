import { readFile } from "node:fs/promises"
import type { IncomingMessage, ServerResponse } from "node:http"
import { Agent, createServer, request } from "node:https"
import { createRequire } from "node:module"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { buffer } from "node:stream/consumers"
import type { CertificateFiles } from "../../../packages/services/src/certificate.ts"
import {
  decode,
  encodeCall,
  methodOf,
  type Struct,
} from "../../../packages/services/src/thrift-front/messages.ts"
import type { Warehouse } from "./warehouse.ts"

/** What happens to one call. "pass" is no fault. */
export type Fault =
  | "pass"
  /** A web page, as a proxy or a sign-in page answers. */
  | { page: number }
  /** A refusal before anything is done. */
  | { refuse: number }
  /** The warehouse does what it is asked; its answer ends in the middle, with or without a sound HTTP frame. */
  | "cut answer"
  | "cut message"
  /** The warehouse does what it is asked; the connection breaks before the answer. */
  | "lose answer"
  /** An answer that begins and does not go on. */
  | "stall"
  /** The warehouse has ended the session of a statement before it comes. */
  | "end session"

/** Decides by the Thrift method and how often it has been called. */
export type Script = (method: string, count: number) => Fault

export interface FaultyWarehouse extends Warehouse {
  /** Calls seen, by method. */
  readonly calls: Map<string, number>
  /** Breaks every connection, and refuses new ones. */
  stop(): Promise<void>
}

/** HTTPS on loopback between the client and a warehouse, which does to each call what the script says. */
export const faultyWarehouse = async (
  warehouse: Warehouse,
  files: CertificateFiles,
  script: Script,
): Promise<FaultyWarehouse> => {
  const calls = new Map<string, number>()
  const agent = new Agent({ keepAlive: true })
  const [cert, key] = await Promise.all([readFile(files.certificate), readFile(files.key)])
  const server = createServer({ cert, key }, (call, answer) => {
    serve(call, answer).catch(() => answer.destroy())
  })

  const serve = async (call: IncomingMessage, answer: ServerResponse): Promise<void> => {
    const body = await buffer(call)
    const method = methodOf(body)
    const count = (calls.get(method) ?? 0) + 1
    calls.set(method, count)
    const fault = script(method, count)
    if (typeof fault === "object" && "page" in fault)
      return void answer
        .writeHead(fault.page, { "content-type": "text/html" })
        .end("<!doctype html><title>Sign in</title><p>Please sign in.</p>".repeat(20))
    if (typeof fault === "object") return void answer.writeHead(fault.refuse, { "retry-after": "1" }).end()
    if (fault === "end session") await forward(warehouse, agent, call, endOfSession(body))
    const reply = await forward(warehouse, agent, call, body)
    if (fault === "lose answer") return void answer.destroy()
    if (fault === "cut message") return void answer.writeHead(reply.status).end(reply.body.subarray(0, 30))
    answer.writeHead(reply.status, { "content-length": reply.body.length })
    if (fault === "pass" || fault === "end session") return void answer.end(reply.body)
    answer.write(reply.body.subarray(0, 30))
    if (fault === "cut answer") setTimeout(() => answer.destroy(), 20)
  }

  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
  return {
    ...warehouse,
    host: `https://localhost:${(server.address() as AddressInfo).port}`,
    calls,
    async stop() {
      const closed = new Promise(resolve => server.close(resolve))
      server.closeAllConnections()
      agent.destroy()
      await closed
    },
  }
}

const forward = (
  { host }: Warehouse,
  agent: Agent,
  call: IncomingMessage,
  body: Buffer,
): Promise<{ status: number; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const { authorization, "content-type": type } = call.headers
    const asked = request(
      new URL(call.url ?? "/", host),
      {
        agent,
        method: "POST",
        headers: { authorization, "content-type": type, "content-length": body.length },
      },
      reply => {
        buffer(reply).then(bytes => resolve({ status: reply.statusCode ?? 500, body: bytes }), reject)
      },
    )
    asked.once("error", reject)
    asked.end(body)
  })

/** The types that @databricks/sql generates, as packages/services has them. */
const types = createRequire(join(import.meta.dirname, "../../../packages/services/package.json"))(
  "@databricks/sql/thrift/TCLIService_types.js",
) as {
  TExecuteStatementReq: new () => Struct & { sessionHandle: unknown }
  TCloseSessionReq: new (fields: { sessionHandle: unknown }) => Struct
}

/** A call that ends the session which a statement is meant for. */
const endOfSession = (statement: Buffer): Buffer => {
  const { sessionHandle } = decode(statement, new types.TExecuteStatementReq())!.body
  return encodeCall({
    name: "CloseSession",
    sequence: 1,
    body: new types.TCloseSessionReq({ sessionHandle }),
  })
}
