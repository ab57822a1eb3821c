import { join } from "node:path"
import type { Engine } from "../src/engine.ts"

/** A server of a few lines that starts as the real engines do. Modes: see fake-server.ts. */
export const fakeEngine = (...modes: string[]): Engine => ({
  name: "fake",
  title: "Fake",
  versions: { fake: "1.0.0" },
  startSeconds: 20,
  async native(launch) {
    const port = await launch.port("main")
    await launch.spawn({
      role: "server",
      program: process.execPath,
      args: [join(import.meta.dirname, "fake-server.ts"), String(port), ...modes],
    })
    return { variables: { FAKE_URL: `http://127.0.0.1:${port}` } }
  },
  answers: async ({ ports, signal }) => (await fetch(`http://127.0.0.1:${ports.main}`, { signal })).ok,
})
