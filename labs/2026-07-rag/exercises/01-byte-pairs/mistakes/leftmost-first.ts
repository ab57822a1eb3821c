// mistake: leftmost-first
import type { Merge } from "../solution.ts"

export const encode = (text: string, merges: readonly Merge[]): string[] => {
  const tokens = [...text]
  for (;;) {
    const at = tokens.findIndex((token, i) =>
      merges.some(([left, right]) => token === left && tokens[i + 1] === right),
    )
    if (at < 0) return tokens
    tokens.splice(at, 2, tokens[at] + tokens[at + 1])
  }
}
