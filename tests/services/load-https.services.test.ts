import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { createServer } from "node:https"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { localhostCertificate } from "../../packages/services/src/certificate.ts"
import { runLoad } from "../../packages/serving/src/load/run.ts"

const folder = mkdtempSync(join(tmpdir(), "roadmap-load-https-"))
let certificate: string
let server: ReturnType<typeof createServer>
let url: string
beforeAll(async () => {
  const files = await localhostCertificate(folder)
  certificate = readFileSync(files.certificate, "utf8")
  server = createServer({ cert: certificate, key: readFileSync(files.key) }, (request, response) => {
    request.resume()
    request.once("end", () => response.end("x".repeat(100_000)))
  })
  await new Promise<void>(done => server.listen(0, "127.0.0.1", done))
  url = `https://localhost:${(server.address() as { port: number }).port}/`
})
afterAll(() => {
  server.close()
  server.closeAllConnections()
  rmSync(folder, { recursive: true })
})
const load = {
  arrivals: { kind: "constant", rate: 100 },
  seconds: 1,
  warmupSeconds: 0,
  connections: 4,
  bodies: ['{"instances": [[1]]}'],
} as const

test("a load run over TLS books every answer, also such as come in many pieces", async () => {
  const { requests, generator } = await runLoad({ ...load, url, ca: certificate })
  expect(requests).toEqual({ scheduled: 100, sent: 100, ok: 100, failed: 0 })
  expect(generator.receivedBytes).toBeGreaterThan(100 * 100_000)
})

test("a certificate that nobody trusts is refused", async () => {
  await expect(runLoad({ ...load, url })).rejects.toMatchObject({
    code: "UNREACHABLE",
    message: expect.stringContaining("certificate"),
  })
})
