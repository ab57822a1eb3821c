import { randomBytes } from "node:crypto"
import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"

/** A random token or password, kept in a private folder so that it stays the same over restarts. */
export const keptSecret = async (folder: string, name: string): Promise<string> => {
  const path = join(folder, name)
  const known = await readFile(path, "utf8").catch(() => "")
  if (/^[\w-]{32}$/.test(known)) return known
  const secret = randomBytes(24).toString("base64url")
  await writeFile(path, secret, { mode: 0o600 })
  return secret
}
