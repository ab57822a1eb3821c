import { isRoadmapError, RoadmapError } from "@roadmap/core/errors"
import { checkBatch, checkDatasets, checkOutputs } from "../batch.ts"
import { contextTag, metricHistory, nothing } from "../mlflow/answers.ts"
import type { MlflowClient } from "../mlflow/client.ts"
import { serverToken, toServerPage } from "../mlflow/paging.ts"
import { pageWindow } from "../page.ts"
import type { Batch, DatasetInput, Metric, ModelOutput, Page, PageOptions } from "../port.ts"
import type { mlflowRuns } from "./mlflow-runs.ts"

/** MLflow's limit of one request of log-batch, in bytes ("Request Limits" of its REST documentation). */
const requestLimit = 1_000_000

/** What a run records while it goes, on an MLflow server. */
export const mlflowRecords = (
  client: MlflowClient,
  runs: ReturnType<typeof mlflowRuns>,
  now: () => number,
) => ({
  /**
   * One call, unless the text is longer than a request may be: then parameters, metrics and tags go one after the
   * other, in halves as long as needed. Times are filled in before the first attempt, so a repeated one doubles no point.
   */
  async logBatch(runId: string, batch: Batch) {
    const { metrics, params, tags } = checkBatch(batch, now())
    const whole: Sending = {
      metrics: metrics.map(point => ({ ...point, value: Number.isNaN(point.value) ? "NaN" : point.value })),
      params: params.map(([key, value]) => ({ key, value })),
      tags: tags.map(([key, value]) => ({ key, value })),
    }
    try {
      for (const body of inRequests(runId, whole)) await client.post("mlflow/runs/log-batch", body, nothing)
    } catch (error) {
      throw asImmutable(runId, error)
    }
  },
  async deleteTag(runId: string, key: string) {
    await client.call({
      method: "POST",
      path: "mlflow/runs/delete-tag",
      body: { run_id: runId, key },
      answer: nothing,
      lost: "again",
      gone: null,
    })
  },
  async getMetricHistory(runId: string, key: string, options: PageOptions = {}): Promise<Page<Metric>> {
    const query = { runId, key }
    const { limit } = pageWindow(query, { maxResults: options.maxResults }, 1_000, 25_000)
    const read = await client.get(
      "mlflow/metrics/get-history",
      {
        run_id: runId,
        metric_key: key,
        max_results: limit,
        page_token: serverToken(options.pageToken, query),
      },
      metricHistory,
    )
    return toServerPage(read.metrics, read.next_page_token, query)
  },
  async logInputs(runId: string, datasets: readonly DatasetInput[]) {
    const checked = checkDatasets(datasets)
    await runs.active(runId)
    if (checked.length === 0) return
    await client.post(
      "mlflow/runs/log-inputs",
      {
        run_id: runId,
        datasets: checked.map(({ name, digest, sourceType, source, schema, profile, context }) => ({
          tags: context === undefined ? [] : [{ key: contextTag, value: context }],
          dataset: { name, digest, source_type: sourceType, source, schema, profile },
        })),
      },
      nothing,
    )
  },
  /** The server would record the same output again and again: only new ones are sent. */
  async logOutputs(runId: string, models: readonly ModelOutput[]) {
    checkOutputs(models)
    const missing = async () => {
      const { outputs } = await runs.active(runId)
      const known = new Set(outputs.map(({ modelId, step }) => `${modelId} ${step}`))
      return models.filter(({ modelId, step }) => !known.has(`${modelId} ${step}`))
    }
    const wanted = await missing()
    if (wanted.length === 0) return
    await client.call({
      method: "POST",
      path: "mlflow/runs/outputs",
      body: { run_id: runId, models: wanted.map(({ modelId, step }) => ({ model_id: modelId, step })) },
      answer: nothing,
      // One request is one transaction: all of them are there, or none.
      lost: async () => ((await missing()).length === 0 ? null : undefined),
    })
  },
})

interface Sending {
  metrics: readonly unknown[]
  params: readonly unknown[]
  tags: readonly unknown[]
}

function* inRequests(runId: string, sending: Sending): Generator<Sending & { run_id: string }> {
  const body = { run_id: runId, ...sending }
  const { metrics, params, tags } = sending
  const count = metrics.length + params.length + tags.length
  if (count <= 1 || Buffer.byteLength(JSON.stringify(body)) <= requestLimit) {
    yield body
    return
  }
  const none: Sending = { metrics: [], params: [], tags: [] }
  for (const kind of ["params", "metrics", "tags"] as const) {
    const list = sending[kind]
    if (list.length === 0) continue
    const half = list.length === count ? Math.ceil(count / 2) : list.length
    for (let start = 0; start < list.length; start += half)
      yield* inRequests(runId, { ...none, [kind]: list.slice(start, start + half) })
  }
}

const asImmutable = (runId: string, error: unknown): unknown => {
  if (!isRoadmapError(error, "INVALID_INPUT") || !/Changing param values is not allowed/.test(error.message))
    return error
  const [, key, kept, sent] =
    /'key': '(.*?)', 'old_value': '(.*?)', 'new_value': '(.*?)'/s.exec(error.message) ?? []
  return new RoadmapError(
    "IMMUTABLE",
    key === undefined
      ? `A parameter of run ${runId} has another value already.`
      : `Parameter "${key}" of run ${runId} is "${kept.slice(0, 40)}" and cannot become "${sent.slice(0, 40)}".`,
    {
      hint: "Start another run (nested, if they belong together), or log a changing value as a metric.",
      cause: error,
    },
  )
}
