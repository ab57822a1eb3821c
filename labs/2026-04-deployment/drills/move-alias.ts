/**
 * Shows the versions and aliases of the drills' model, or points an alias at a version:
 *   ROADMAP_HOME=… node labs/2026-04-deployment/drills/move-alias.ts [champion 2]
 */
import { loadConfig } from "@roadmap/core/config"
import { readModel } from "@roadmap/model-registry/mlmodel"
import { openRegistry } from "@roadmap/model-registry/open"
import { command } from "./command.ts"
import { modelName, moveAlias } from "./models.ts"

await command(async () => {
  const config = loadConfig()
  const [alias, version] = process.argv.slice(2)
  if (alias !== undefined) await moveAlias(config, alias, Number(version))
  const registry = await openRegistry(config)
  try {
    const { items } = await registry.listVersions(modelName)
    const lines: string[] = []
    for (const { version, aliases } of items.toReversed()) {
      const { signature } = await readModel(await registry.fetchModel(modelName, version))
      const inputs = signature.inputs.map(({ name, type }) => `${name} ${type}`).join(", ")
      lines.push(`${modelName}/${version}  ${aliases.join(", ").padEnd(10)}  ${inputs}`)
    }
    return lines.join("\n")
  } finally {
    await registry.close()
  }
})
