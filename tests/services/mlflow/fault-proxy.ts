import { createServer, type IncomingMessage, request, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"

/** What the proxy does to one request instead of passing it on. */
export type Fault =
  /** The connection ends before the server hears of it. */
  | { cut: "before" }
  /** The server does it, and the connection ends before its answer. */
  | { cut: "after" }
  /** The server does it, and half of its answer arrives. */
  | { cut: "half" }
  /** The upload's connection ends after so many bytes. */
  | { cutUploadAfter: number }
  /** Another answer, without asking the server. */
  | { status: number; headers?: Record<string, string>; body?: string }
  /** The answer comes late, or byte by byte. */
  | { delayMs: number }
  | { dripMs: number }

export interface FaultProxy {
  url: string
  /** "METHOD path" of every request, in order. */
  seen: string[]
  /** The next requests whose "METHOD path" matches get these faults, one each; others pass. */
  next(match: RegExp, ...faults: Fault[]): void
  /** Every request that matches, until `calm`. */
  always(match: RegExp, fault: Fault): void
  calm(): void
  close(): Promise<void>
}

/** A loopback proxy in front of a server which does to it what networks and other proxies do. */
export const startFaultProxy = async (target: string): Promise<FaultProxy> => {
  const seen: string[] = []
  let plans: { match: RegExp; faults: Fault[]; forever: boolean }[] = []
  const faultFor = (line: string): Fault | undefined => {
    const plan = plans.find(({ match, faults }) => faults.length > 0 && match.test(line))
    return plan?.forever ? plan.faults[0] : plan?.faults.shift()
  }
  const server = createServer((incoming, answer) => {
    const line = `${incoming.method} ${decodeURIComponent((incoming.url ?? "").split("?")[0])}`
    seen.push(line)
    handle(target, incoming, answer, faultFor(line)).catch(() => incoming.socket.destroy())
  })
  await new Promise<void>(resolve => server.listen(0, "127.0.0.1", resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    next: (match, ...faults) => plans.push({ match, faults, forever: false }),
    always: (match, fault) => plans.push({ match, faults: [fault], forever: true }),
    calm: () => {
      plans = []
      seen.length = 0
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise(resolve => server.close(resolve))
    },
  }
}

const handle = async (
  target: string,
  incoming: IncomingMessage,
  answer: ServerResponse,
  fault: Fault | undefined,
): Promise<void> => {
  if (fault && "cut" in fault && fault.cut === "before") return void incoming.socket.destroy()
  if (fault && "cutUploadAfter" in fault) {
    let received = 0
    for await (const chunk of incoming) {
      received += (chunk as Buffer).byteLength
      if (received >= fault.cutUploadAfter) return void incoming.socket.destroy()
    }
    return void incoming.socket.destroy()
  }
  if (fault && "status" in fault) {
    incoming.resume()
    answer.writeHead(fault.status, { "content-type": "application/json", ...fault.headers })
    answer.end(fault.body ?? "")
    return
  }
  const { status, headers, body } = await forward(target, incoming)
  if (fault && "cut" in fault) {
    if (fault.cut === "after") return void incoming.socket.destroy()
    answer.writeHead(status, { ...headers, "content-length": String(body.byteLength) })
    await new Promise(resolve => answer.write(body.subarray(0, Math.ceil(body.byteLength / 2)), resolve))
    return void incoming.socket.destroy()
  }
  if (fault && "delayMs" in fault) await sleep(fault.delayMs)
  answer.writeHead(status, headers)
  if (fault && "dripMs" in fault)
    for (const byte of body) {
      if (answer.destroyed) return
      answer.write(Buffer.of(byte))
      await sleep(fault.dripMs)
    }
  else answer.write(body)
  answer.end()
}

const forward = (
  target: string,
  incoming: IncomingMessage,
): Promise<{ status: number; headers: Record<string, string | string[] | undefined>; body: Buffer }> =>
  new Promise((resolve, reject) => {
    const url = new URL(incoming.url ?? "/", target)
    const outgoing = request(url, {
      method: incoming.method,
      headers: { ...incoming.headers, host: url.host },
    })
    outgoing.on("error", reject)
    outgoing.on("response", async response => {
      const chunks: Buffer[] = []
      try {
        for await (const chunk of response) chunks.push(chunk as Buffer)
      } catch (error) {
        return reject(error)
      }
      const { "transfer-encoding": _, connection: __, ...headers } = response.headers
      resolve({ status: response.statusCode ?? 502, headers, body: Buffer.concat(chunks) })
    })
    incoming.pipe(outgoing)
  })
