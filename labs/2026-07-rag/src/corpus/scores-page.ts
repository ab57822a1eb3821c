import { join } from "node:path"
import type { Config } from "@roadmap/core/config"

/** Where July's page about April's scores lies: a table is not found by its rows, but by what is said of it. */
export const scoresPage = ({ home }: Pick<Config, "home">): string =>
  join(home, "documents", "june-scores.md")
