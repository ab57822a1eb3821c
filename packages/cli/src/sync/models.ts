import { throwIfAborted } from "@roadmap/core/async"
import { isRoadmapError } from "@roadmap/core/errors"
import { readModel } from "@roadmap/model-registry/mlmodel"
import type { ModelRegistry, ModelVersion, RegisteredModel } from "@roadmap/model-registry/port"
import { allPages } from "@roadmap/tracking/page"
import { sourceRunTag } from "./runs.ts"
import { type Tally, verify } from "./tally.ts"

export interface SyncModels {
  from: ModelRegistry
  to: ModelRegistry
  tally: Tally
  dryRun: boolean
  signal?: AbortSignal
  say: (line: string) => void
  /** Run ids here to run ids there. */
  runs: ReadonlyMap<string, string>
}

/** On a pushed version: its number here. */
const sourceVersionTag = "roadmap.source_version"

/** Pushes every registered model, its versions in order, and its aliases; reads each back, its files too. */
export const syncModels = async (options: SyncModels): Promise<void> => {
  const { from, say, signal } = options
  for (const model of await allPages(pageToken => from.searchModels({ pageToken }))) {
    throwIfAborted(signal)
    const versions = await allPages(pageToken => from.listVersions(model.name, { pageToken }))
    await syncModel(options, model, versions.toReversed())
    say(`${model.name}: ${versions.length} version${versions.length === 1 ? "" : "s"}`)
  }
}

const syncModel = async (
  options: SyncModels,
  model: RegisteredModel,
  versions: readonly ModelVersion[],
): Promise<void> => {
  const { to, tally, dryRun, signal } = options
  const { name } = model
  tally.here.models++
  tally.here.versions += versions.length
  tally.here.aliases += Object.keys(model.aliases).length
  const found = await to.getModel(name).catch(unlessMissing)
  const known = found ? await allPages(pageToken => to.listVersions(name, { pageToken })) : []
  const copyOf = (version: ModelVersion) =>
    known.find(
      ({ digest, tags }) => digest === version.digest && tags[sourceVersionTag] === String(version.version),
    )
  if (dryRun) {
    if (!found) tally.pushed.models++
    tally.pushed.versions += versions.filter(version => !copyOf(version)).length
    return
  }
  if (!found) tally.pushed.models++
  const target = found ?? (await to.createModel({ name, description: model.description, tags: model.tags }))
  if (target.description !== model.description) await to.describeModel(name, model.description)
  for (const [key, value] of Object.entries(model.tags))
    if (target.tags[key] !== value) await to.setModelTag(name, key, value)

  const numbers = new Map<number, number>()
  for (const version of versions) {
    throwIfAborted(signal)
    const copy = copyOf(version)
    if (!copy) tally.pushed.versions++
    const pushed = copy ?? (await pushVersion(options, version, numbers))
    numbers.set(version.version, pushed.version)
    if (pushed.description !== version.description)
      await to.describeVersion(name, pushed.version, version.description)
    for (const [key, value] of Object.entries(version.tags))
      if (pushed.tags[key] !== value) await to.setVersionTag(name, pushed.version, key, value)
    await verifyVersion(options, version, pushed.version, numbers)
  }
  for (const [alias, version] of Object.entries(model.aliases)) {
    const number = numbers.get(version)
    if (number === undefined || target.aliases[alias] === number) continue
    await to.setAlias(name, alias, number)
    tally.pushed.aliases++
  }
  await verifyModel(options, model, numbers)
}

const pushVersion = async (
  options: SyncModels,
  version: ModelVersion,
  numbers: ReadonlyMap<number, number>,
): Promise<ModelVersion> =>
  options.to.register({
    name: version.name,
    directory: await options.from.fetchModel(version.name, version.version),
    description: version.description,
    tags: tagsThere(version),
    lineage: lineageThere(options, version, numbers),
    // The same number with the same content is the same version, also when the last push was killed.
    idempotencyKey: `roadmap-sync/${version.version}/${version.digest}`,
  })

const tagsThere = ({ tags, version, lineage }: ModelVersion): Record<string, string> => ({
  ...tags,
  [sourceVersionTag]: String(version),
  ...(lineage.runId !== undefined && { [sourceRunTag]: lineage.runId }),
})

/** A run or parent that is not pushed (deleted here) is left out; the run's id stays in a tag. */
const lineageThere = (
  { runs }: SyncModels,
  { lineage }: ModelVersion,
  numbers: ReadonlyMap<number, number>,
): ModelVersion["lineage"] => {
  const { runId, parentVersion, ...others } = lineage
  const run = runId === undefined ? undefined : runs.get(runId)
  const parent = parentVersion === undefined ? undefined : numbers.get(parentVersion)
  return {
    ...others,
    ...(run !== undefined && { runId: run }),
    ...(parent !== undefined && { parentVersion: parent }),
  }
}

const verifyVersion = async (
  options: SyncModels,
  version: ModelVersion,
  number: number,
  numbers: ReadonlyMap<number, number>,
): Promise<void> => {
  const { to, tally } = options
  const { name, digest, description } = version
  const read = await to.getVersion(name, number)
  const lineage = lineageThere(options, version, numbers)
  const tags = Object.fromEntries(Object.keys(tagsThere(version)).map(key => [key, read.tags[key]]))
  const here = { digest, description, tags: tagsThere(version), lineage: sorted(lineage) }
  const there = { digest: read.digest, description: read.description, tags, lineage: sorted(read.lineage) }
  const what = `model ${name}`
  try {
    const stored = await readModel(await to.fetchModel(name, number))
    const found = stored.digest === digest ? there : { ...there, digest: stored.digest }
    verify(
      tally,
      "versions",
      what,
      [[String(version.version), here]],
      new Map([[String(version.version), found]]),
    )
  } catch (error) {
    if (!isRoadmapError(error, "MODEL_FORMAT")) throw error
    tally.differences.push(`${what}, version ${version.version}: ${error.message}`)
  }
}

const verifyModel = async (
  { to, tally }: SyncModels,
  model: RegisteredModel,
  numbers: ReadonlyMap<number, number>,
): Promise<void> => {
  const read = await to.getModel(model.name)
  const facts = (of: RegisteredModel) => ({
    description: of.description,
    tags: Object.fromEntries(Object.keys(model.tags).map(key => [key, of.tags[key]])),
  })
  verify(tally, "models", "models", [[model.name, facts(model)]], new Map([[model.name, facts(read)]]))
  const wanted = Object.entries(model.aliases).flatMap(([alias, version]): [string, number][] => {
    const number = numbers.get(version)
    return number === undefined ? [] : [[alias, number]]
  })
  verify(tally, "aliases", `model ${model.name}`, wanted, new Map(Object.entries(read.aliases)))
}

const sorted = (value: object) =>
  Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))

const unlessMissing = (error: unknown): undefined => {
  if (!isRoadmapError(error, "NOT_FOUND")) throw error
}
