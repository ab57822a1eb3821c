import { defineDrill } from "@roadmap/labkit/drills/drill"
import { buildIndex, type Service, writeProvider, writeService } from "./service.ts"
import { grade, observe, type State, troubled } from "./state.ts"

/** As libraries come: made for long answers of large models, and for nobody who waits. */
const asDelivered: Service = {
  model: true,
  firstTokenMs: 60_000,
  betweenTokensMs: 30_000,
  wholeMs: 300_000,
  attempts: 3,
}

const kept = { firstTokenMs: 1_500, betweenTokensMs: 1_500, wholeMs: 4_000 }

export default defineDrill<State>({
  id: "cut-stream",
  title: "The answer that stands still",
  targetMinutes: 15,
  async prepare({ config }) {
    await buildIndex(config)
    await writeService(config, asDelivered)
    await writeProvider(config, { well: true })
  },
  break: ({ config }) => writeProvider(config, troubled),
  observe,
  grade,
  causes: {
    deadlines: "the provider stands still, and the service waits for it far longer than people do",
    retrieval: "the search takes longer since the documents have grown",
    prompt: "the prompts have become longer than the model's window",
    crowd: "the service has too many questions in work at once",
  },
  cause: "deadlines",
  recoveries: {
    right: ({ config }) => writeService(config, { ...asDelivered, ...kept }),
    wrong: {
      "gives the provider more time": ({ config }) =>
        writeService(config, { ...asDelivered, betweenTokensMs: 120_000 }),
      "shortens the wait for the first word alone": ({ config }) =>
        writeService(config, { ...asDelivered, firstTokenMs: kept.firstTokenMs }),
      "cuts whoever pauses for a moment": ({ config }) =>
        writeService(config, { ...asDelivered, ...kept, betweenTokensMs: 5 }),
      "tries again and again": ({ config }) => writeService(config, { ...asDelivered, ...kept, attempts: 5 }),
      "never tries again": ({ config }) => writeService(config, { ...asDelivered, ...kept, attempts: 1 }),
      "switches the model off": ({ config }) => writeService(config, { ...asDelivered, model: false }),
      async "writes down that the provider is well"({ config }) {
        await writeService(config, { ...asDelivered, ...kept })
        await writeProvider(config, { well: true })
      },
    },
  },
  passed:
    "A stream has three deadlines: to the first word, between words, and as a whole; each bounds what another cannot. Before the first word a request may be sent again. After it there is only honesty: what is there, whole sentences of it, and that it was cut.",
})
