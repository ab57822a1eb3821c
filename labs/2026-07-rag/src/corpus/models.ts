import { existsSync, globSync } from "node:fs"
import { readFile } from "node:fs/promises"
import { basename, join } from "node:path"
import { throwIfAborted } from "@roadmap/core/async"
import type { Config } from "@roadmap/core/config"
import { RoadmapError, toRoadmapError } from "@roadmap/core/errors"
import { createRecordStore, type OutcomeRecord } from "@roadmap/labkit/records"
import { openRegistry } from "@roadmap/model-registry/open"
import type { ModelRegistry, ModelVersion, RegisteredModel } from "@roadmap/model-registry/port"
import type { Source } from "@roadmap/rag/load/source"
import { type TextDocument, textSource } from "@roadmap/rag/load/texts"
import { scoresPage } from "./scores-page.ts"

type Home = Pick<Config, "home" | "mlflow">

/** Months whose evaluation this assistant answers from. July's own is left out: it would change what it measures. */
const months = ["2026-02", "2026-03", "2026-04", "2026-05", "2026-06"]

/**
 * What the months before made, as documents: `models/flight-delay` (versions and aliases), `models/flight-delay/3` (its
 * card), `models/evaluations/2026-02` (what that month's run measured) and `models/june-scores`. Empty where nothing was
 * run. What cannot be read is skipped with its reason: questions about all else are answered.
 */
export const modelSource = (config: Home): Source => ({
  name: "models",
  async *documents(options = {}) {
    const skip: Skip = (name, error) => {
      throwIfAborted(options.signal)
      const { code, message } = toRoadmapError(error)
      options.onSkipped?.({ source: "models", name, code, reason: message })
    }
    yield* textSource({ name: "models", documents: () => modelDocuments(config, skip) }).documents(options)
  },
})

type Skip = (name: string, error: unknown) => void

async function* modelDocuments(config: Home, skip: Skip): AsyncGenerator<TextDocument> {
  for (const outcome of await finishedMonths(config, skip)) yield evaluation(config, outcome)
  if (existsSync(scoresPage(config))) yield await scores(config)
  if (!config.mlflow && !existsSync(join(config.home, "state", "registry.sqlite"))) return
  try {
    const registry = await openRegistry(config)
    try {
      for (const model of await allModels(registry)) yield* modelPages(registry, model, skip)
    } finally {
      await registry.close()
    }
  } catch (error) {
    skip("registry", error)
  }
}

const scores = async (config: Home): Promise<TextDocument> => ({
  id: "june-scores",
  title: "Scores of June 2001",
  uri: scoresPage(config),
  text: await readFile(scoresPage(config), "utf8"),
  metadata: { kind: "table", month: "2026-04" },
})

/** The last runs that were finished, by month. */
export const finishedMonths = async (
  { home }: Pick<Config, "home">,
  skip: Skip = () => undefined,
): Promise<OutcomeRecord[]> => {
  const there = globSync("labs/*/outcome.json", { cwd: home }).map(path => basename(join(path, "..")))
  const finished: OutcomeRecord[] = []
  for (const month of months.filter(each => there.includes(each)))
    try {
      const outcome = await createRecordStore(home, month).readOutcome()
      if (outcome?.status === "done") finished.push(checked(outcome))
    } catch (error) {
      skip(`evaluations/${month}`, error)
    }
  return finished
}

/** Earlier versions of this program recorded less. */
const checked = (outcome: OutcomeRecord): OutcomeRecord => {
  if (Array.isArray(outcome.measured) && outcome.metrics) return outcome
  throw new RoadmapError(
    "STATE_VERSION",
    `The last run of ${outcome.month} was recorded by another version of this program.`,
    {
      hint: "Run that month again.",
    },
  )
}

const allModels = async (registry: ModelRegistry): Promise<RegisteredModel[]> => {
  const models: RegisteredModel[] = []
  for (let pageToken: string | undefined; ; ) {
    const page = await registry.searchModels({ ...(pageToken && { pageToken }) })
    models.push(...page.items)
    pageToken = page.nextPageToken
    if (pageToken === undefined) return models
  }
}

async function* modelPages(
  registry: ModelRegistry,
  model: RegisteredModel,
  skip: Skip,
): AsyncGenerator<TextDocument> {
  const { items } = await registry.listVersions(model.name)
  yield {
    id: model.name,
    title: `Registered model ${model.name}`,
    uri: `models:/${model.name}`,
    text: overview(model, items),
    metadata: { kind: "model", model: model.name },
  }
  for (const { version, tags } of items) {
    const card = await registry.readCard(model.name, version).catch(error => {
      skip(`${model.name}/${version}`, error)
      return undefined
    })
    if (!card) continue
    yield {
      id: `${model.name}/${version}`,
      title: `Model card: ${model.name}, version ${version}`,
      uri: `models:/${model.name}/${version}`,
      text: card.markdown,
      metadata: {
        kind: "model-card",
        model: model.name,
        version,
        ...(tags["roadmap.month"] && { month: tags["roadmap.month"] }),
      },
    }
  }
}

const overview = (
  { name, description, aliases }: RegisteredModel,
  versions: readonly ModelVersion[],
): string =>
  [
    `# Registered model ${name}`,
    ...(description ? [description] : []),
    Object.entries(aliases)
      .map(([alias, version]) => `The alias ${alias} of ${name} means version ${version}.`)
      .join(" ") || `${name} has no alias.`,
    "## Versions",
    versions
      .toSorted((a, b) => a.version - b.version)
      .map(({ version, tags }) => {
        const { algorithm = "unknown algorithm", "roadmap.month": month = "no month", sample } = tags
        return `- Version ${version} of ${name}: ${algorithm}, registered by ${month}${sample ? `, trained on ${sample} of the rows` : ""}.`
      })
      .join("\n"),
  ].join("\n\n")

/** Speeds and latencies are left out: they differ from run to run, and the documents would change with nothing changed. */
const evaluation = ({ home }: Pick<Config, "home">, outcome: OutcomeRecord): TextDocument => {
  const rows = Object.entries(outcome.metrics)
    .filter(([metric]) => !outcome.measured.includes(metric))
    .map(([metric, value]) => ({ parts: metric.split("/"), value }))
  const byTask = Map.groupBy(rows, ({ parts }) => parts[0])
  return {
    id: `evaluations/${outcome.month}`,
    title: `Evaluation results of ${outcome.month}`,
    uri: join(home, "labs", outcome.month, "outcome.json"),
    text: [
      `# Evaluation results of ${outcome.month}`,
      `What the last finished run of ${outcome.month} measured, by task, model, metric and split.`,
      ...[...byTask].flatMap(([task, group]) => [
        `## ${task}`,
        ["| model | metric | split | value |", "| --- | --- | --- | ---: |"]
          .concat(
            group.map(
              ({ parts: [, model = "", metric = "", ...split], value }) =>
                `| ${model} | ${metric} | ${split.join(" ")} | ${shown(value)} |`,
            ),
          )
          .join("\n"),
      ]),
    ].join("\n\n"),
    metadata: { kind: "evaluation", month: outcome.month },
  }
}

const shown = (value: number): string => String(Number(value.toPrecision(5)))
