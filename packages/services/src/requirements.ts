import { join } from "node:path"

/** A committed list of pinned packages or jars with their hashes. */
export const requirementsOf = (name: string): string => join(import.meta.dirname, "..", "requirements", name)
