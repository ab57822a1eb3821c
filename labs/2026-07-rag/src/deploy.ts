import { startAssistantServer } from "@roadmap/assistant/server"
import { loadQuestions } from "@roadmap/evals/question-set"
import { defineStep } from "@roadmap/labkit/lab"
import { sortedQuantile } from "@roadmap/ml/metrics/median"
import { collectAnswer } from "@roadmap/rag/answers/assistant"
import { openProjectAssistant } from "./assistant.ts"
import { questionFiles } from "./evaluate.ts"
import { indexDocuments } from "./index-documents.ts"
import { assistantOptions, embedderInputs } from "./neural.ts"
import { askStreamed, askWhole, type Streamed } from "./service/ask.ts"

/** Questions in work at once. */
const together = 8

/** The assistant behind an address: streamed and whole, one after the other and together, the answers must be the same. */
export const deployAssistant = defineStep({
  id: "deploy",
  title: "Put the assistant behind an address and ask it",
  needs: [indexDocuments],
  inputs: embedderInputs,
  async run(context) {
    const { config, signal, sample, progress } = context
    await using project = await openProjectAssistant(config, {
      ...assistantOptions(context),
      refresh: false,
    })
    const { assistant, index, notes } = project
    const questions = (await loadQuestions(questionFiles.tune)).map(({ question }) => question)
    const asked = questions.slice(0, sample > 1 ? 16 : 64)
    // #region serve
    const server = await startAssistantServer(
      { ...config, logLevel: "silent" },
      { assistant, index, notes, uploads: false, port: 0 },
    )
    // #endregion
    try {
      const single: Streamed[] = []
      for (const [done, question] of asked.entries()) {
        progress({ label: "one at a time", done, total: asked.length, unit: "questions" })
        single.push(await askStreamed(server.url, question, signal))
      }
      const concurrent = await inGroups(asked, together, question =>
        askStreamed(server.url, question, signal),
      )
      const checks = { textDiffers: 0, wholeDiffers: 0, togetherDiffers: 0 }
      for (const [i, question] of asked.entries()) {
        const { text } = await collectAnswer(assistant.ask(question, { signal }))
        if (single[i].text !== text || single[i].streamed !== text) checks.textDiffers++
        if ((await askWhole(server.url, question, signal)) !== text) checks.wholeDiffers++
        if (concurrent[i].text !== text) checks.togetherDiffers++
      }
      return {
        asked: asked.length,
        together,
        checks,
        refused: await refusals(server.url, signal),
        alone: latencies(single),
        crowd: latencies(concurrent),
        metrics: {
          "service/ask/requests/all": asked.length * 3,
          "service/stream/different/all": checks.textDiffers,
          "service/whole/different/all": checks.wholeDiffers,
          "service/together/different/all": checks.togetherDiffers,
        },
        measurements: {
          "service/alone/first_event_p50_ms/all": latencies(single).firstEvent.p50,
          "service/alone/p50_ms/all": latencies(single).whole.p50,
          "service/alone/p95_ms/all": latencies(single).whole.p95,
          "service/together/p50_ms/all": latencies(concurrent).whole.p50,
          "service/together/p95_ms/all": latencies(concurrent).whole.p95,
        },
      }
    } finally {
      await server.close()
    }
  },
})

const inGroups = async <T, R>(
  items: readonly T[],
  size: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> => {
  const results: R[] = []
  for (let at = 0; at < items.length; at += size)
    results.push(...(await Promise.all(items.slice(at, at + size).map(work))))
  return results
}

const latencies = (answers: readonly Streamed[]) => {
  const quantiles = (values: number[]) => {
    const sorted = Float64Array.from(values).sort()
    return { p50: sortedQuantile(sorted, 0.5), p95: sortedQuantile(sorted, 0.95) }
  }
  return {
    firstEvent: quantiles(answers.map(({ firstEventMs }) => firstEventMs)),
    whole: quantiles(answers.map(({ ms }) => ms)),
  }
}

/** What must not be answered, and the status that says so. */
const refusals = async (
  url: string,
  signal: AbortSignal,
): Promise<{ what: string; status: number; code: string }[]> => {
  const bodies: Record<string, string> = {
    "an empty question": JSON.stringify({ question: " " }),
    "a question of 9,000 characters": JSON.stringify({ question: "proxy ".repeat(1_500) }),
    "a field that nobody knows": JSON.stringify({ question: "How?", temperature: 2 }),
    "no JSON": "question=How",
  }
  return Promise.all(
    Object.entries(bodies).map(async ([what, body]) => {
      const response = await fetch(`${url}/v1/ask`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body,
        signal,
      })
      const { error } = (await response.json()) as { error: { code: string } }
      return { what, status: response.status, code: error.code }
    }),
  )
}
