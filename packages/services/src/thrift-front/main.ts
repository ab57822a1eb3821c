import { readFile } from "node:fs/promises"
import { z } from "zod"
import { startFront } from "./front.ts"

/** What the program takes as its only argument, as JSON. `certificate` and `key` are paths of PEM files. */
const settings = z.strictObject({
  upstream: z.union([
    z.strictObject({ host: z.string(), port: z.int() }),
    z.strictObject({ socketPath: z.string() }),
  ]),
  token: z.string().min(16),
  certificate: z.string(),
  key: z.string(),
  port: z.int().min(0).max(65_535),
})

const { certificate, key, ...rest } = settings.parse(JSON.parse(process.argv[2] ?? "{}"))
const front = await startFront({
  ...rest,
  certificate: await readFile(certificate, "utf8"),
  key: await readFile(key, "utf8"),
})
process.stdout.write(`${JSON.stringify({ port: front.port })}\n`)
