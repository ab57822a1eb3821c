/**
 * A program for tests: `node fake-server.ts <port> [mode…]`. Answers HTTP on 127.0.0.1. Modes: "fails" ends at once with a
 * message, "silent" never listens, "stubborn" ignores SIGTERM, "parent" starts a child that outlives it.
 */
import { spawn } from "node:child_process"
import { createServer } from "node:http"

const [port, ...modes] = process.argv.slice(2)

if (modes.includes("fails")) {
  console.error("reading the settings\ncannot open the flux capacitor")
  process.exit(7)
}
if (modes.includes("stubborn")) process.on("SIGTERM", () => console.log("SIGTERM is ignored"))
if (modes.includes("parent")) {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" })
  console.log(`child ${child.pid}`)
}
if (modes.includes("silent")) setInterval(() => undefined, 1_000)
else
  createServer((_, answer) => answer.end("OK")).listen(Number(port), "127.0.0.1", () =>
    console.log("listening"),
  )
