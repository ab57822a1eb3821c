import { join } from "node:path"
import type { Config } from "@roadmap/core/config"
import type { OnlineStore } from "./port.ts"

/**
 * Opens the online store that the configuration names: PostgreSQL at DATABASE_URL, or else
 * `<home>/state/online.sqlite`. Throws what the two adapters throw.
 */
export const openOnlineStore = async (config: Pick<Config, "home" | "database">): Promise<OnlineStore> => {
  if (config.database) {
    const { postgresOnlineStore } = await import("./adapters/postgres.ts")
    return postgresOnlineStore({ url: config.database.url })
  }
  const { sqliteOnlineStore } = await import("./adapters/sqlite.ts")
  return sqliteOnlineStore({ file: join(config.home, "state", "online.sqlite") })
}
