// mistake: renames-at-the-end
import type { Job, Partition } from "../solution.ts"

export const scoreBatch = async (partitions: readonly Partition[], job: Job): Promise<void> => {
  const { model, files, score } = job
  const done = new Set<string>()
  const names = new Set(await files.list())
  for (const { id } of partitions) {
    if (!names.has(`done/${id}.json`)) continue
    const found = JSON.parse(await files.read(`done/${id}.json`))
    if (found.model !== model) throw new Error(`done/${id}.json is of the model ${found.model}, not ${model}`)
    done.add(id)
  }
  for (const name of names) if (name.startsWith("tmp/")) await files.remove(name)
  for (const { id, rows } of partitions) {
    if (done.has(id)) continue
    const scores = await score(rows)
    await files.write(`tmp/${id}.json`, JSON.stringify({ model, scores }))
  }
  for (const { id } of partitions) {
    if (done.has(id)) continue
    await files.rename(`tmp/${id}.json`, `done/${id}.json`)
  }
}
