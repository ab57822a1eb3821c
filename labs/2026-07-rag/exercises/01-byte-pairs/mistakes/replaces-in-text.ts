// mistake: replaces-in-text
import type { Merge } from "../solution.ts"

export const encode = (text: string, merges: readonly Merge[]): string[] => {
  let line = [...text].join("\u0000")
  for (;;) {
    const next = merges.find(([left, right]) => line.includes(`${left}\u0000${right}`))
    if (!next) return line === "" ? [] : line.split("\u0000")
    line = line.replaceAll(`${next[0]}\u0000${next[1]}`, next[0] + next[1])
  }
}
