import type { Engine } from "../engine.ts"

/** Qdrant: with Docker Compose only, since no package registry has its server. */
export const qdrant: Engine = {
  name: "qdrant",
  title: "Qdrant",
  versions: { qdrant: "1.19.0" },
  startSeconds: 60,
  compose: {
    service: "qdrant",
    ports: { main: "QDRANT_PORT" },
    variables: ({ ports }) => ({ QDRANT_URL: `http://127.0.0.1:${ports.main}` }),
  },
  answers: async ({ ports, signal }) => (await fetch(`http://127.0.0.1:${ports.main}/readyz`, { signal })).ok,
}
