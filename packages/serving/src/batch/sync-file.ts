import { closeSync, fsyncSync, openSync } from "node:fs"

/** Makes a file's content durable, before a rename shows it. */
export const syncFile = (path: string): void => {
  const handle = openSync(path, "r")
  try {
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
}
