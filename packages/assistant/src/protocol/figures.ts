import type { ErrorCode } from "@roadmap/core/errors"
import type { ServingMetrics } from "@roadmap/serving/operate/metrics"

/** What Prometheus is told of answers and uploads, beside the figures of every request. */
export interface Figures {
  answered(status: "answered" | "declined", ms: number): void
  failed(code: ErrorCode): void
  uploaded(outcome: "taken" | "refused"): void
  /** Prometheus' text format (https://prometheus.io/docs/instrumenting/exposition_formats/). */
  text(): string
}

export const createFigures = (): Figures => {
  const answers = { answered: 0, declined: 0 }
  const uploads = { taken: 0, refused: 0 }
  const failures = new Map<ErrorCode, number>()
  let seconds = 0
  return {
    answered(status, ms) {
      answers[status]++
      seconds += ms / 1000
    },
    failed(code) {
      failures.set(code, (failures.get(code) ?? 0) + 1)
    },
    uploaded(outcome) {
      uploads[outcome]++
    },
    text: () =>
      [
        counter("assistant_answers_total", "Questions that got an answer, or an honest no", "status", [
          ...Object.entries(answers),
        ]),
        counter("assistant_failures_total", "Questions that failed; INTERRUPTED: the client left", "code", [
          ...failures,
        ]),
        counter("assistant_uploads_total", "Uploads that were taken or refused", "outcome", [
          ...Object.entries(uploads),
        ]),
        "# HELP assistant_answer_seconds_total From question to the end of the answer\n" +
          `# TYPE assistant_answer_seconds_total counter\nassistant_answer_seconds_total ${seconds}\n`,
      ].join(""),
  }
}

/** The metrics of the scoring server with these figures behind them. */
export const withFigures = (metrics: ServingMetrics, figures: Figures): ServingMetrics => ({
  ...metrics,
  text: async () => `${await metrics.text()}\n${figures.text()}`,
})

const counter = (
  name: string,
  help: string,
  label: string,
  values: readonly (readonly [string, number])[],
): string => {
  const lines = values.map(([value, count]) => `${name}{${label}="${value}"} ${count}\n`)
  return `# HELP ${name} ${help}\n# TYPE ${name} counter\n${lines.join("")}`
}
