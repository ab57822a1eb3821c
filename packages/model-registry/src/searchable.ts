import type { Searchable } from "@roadmap/tracking/filter"

/** What can be asked of registered models, in the grammar of tracking's filter.ts. */
export const searchableModels: Searchable = {
  attributes: { name: "text" },
  orderedBy: ["creation_timestamp", "last_updated_timestamp"],
  entities: ["attribute", "tag"],
}

/** What can be asked of versions. */
export const searchableVersions: Searchable = {
  attributes: { name: "text", run_id: "text", version_number: "number" },
  orderedBy: ["creation_timestamp", "last_updated_timestamp"],
  entities: ["attribute", "tag"],
}
