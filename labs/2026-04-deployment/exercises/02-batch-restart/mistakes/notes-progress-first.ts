// mistake: notes-progress-first
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
  const progress = names.has("tmp/progress") ? JSON.parse(await files.read("tmp/progress")) : []
  const noted = new Set<string>(Array.isArray(progress) ? progress : [])
  for (const name of names) if (name.startsWith("tmp/") && name !== "tmp/progress") await files.remove(name)
  for (const { id, rows } of partitions) {
    if (done.has(id) || noted.has(id)) continue
    const scores = await score(rows)
    noted.add(id)
    await files.write("tmp/progress-new", JSON.stringify([...noted]))
    await files.rename("tmp/progress-new", "tmp/progress")
    await files.write(`tmp/${id}.json`, JSON.stringify({ model, scores }))
    await files.rename(`tmp/${id}.json`, `done/${id}.json`)
  }
  await files.remove("tmp/progress")
}
