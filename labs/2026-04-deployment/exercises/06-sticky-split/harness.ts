import { defineHarness } from "@roadmap/labkit/exercises/harness"
import type { assign, Experiment, Request } from "./solution.ts"

/** FNV-1a, then the final mix of MurmurHash3: 32 bits, as a part of 2^32. */
export const hashOf = (text: string): number => {
  let hash = 0x811c9dc5
  for (const byte of new TextEncoder().encode(text)) hash = Math.imul(hash ^ byte, 0x01000193)
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32
}

/** (requests, experiment, fixed) => the variant of each request; `fixed` replaces the hash by this number. */
export default defineHarness(
  (answer: typeof assign) =>
    (requests: readonly Request[], experiment: Experiment, fixed?: number): string[] =>
      requests.map(request => answer(request, experiment, text => fixed ?? hashOf(text))),
)
