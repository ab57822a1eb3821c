/** A program for tests: `node start-fake.ts <home> [mode…]` starts the fake engine, prints what it is, and ends. */
import { startEngine } from "../src/start.ts"
import { fakeEngine } from "./fake-engine.ts"

const [home, ...modes] = process.argv.slice(2)
const interrupt = new AbortController()
process.on("SIGINT", () => interrupt.abort())
try {
  const service = await startEngine(fakeEngine(...modes), {
    home,
    signal: interrupt.signal,
    onProgress: line => process.stderr.write(`${line}\n`),
  })
  console.log(JSON.stringify(service))
} catch (error) {
  console.log(JSON.stringify({ code: (error as { code?: string }).code }))
}
