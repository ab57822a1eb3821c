// mistake: cuts-emoji
import type { Merge } from "../solution.ts"

export const encode = (text: string, merges: readonly Merge[]): string[] => {
  const tokens = text.split("")
  for (;;) {
    const next = merges.find(([left, right]) =>
      tokens.some((token, i) => token === left && tokens[i + 1] === right),
    )
    if (!next) return tokens
    const at = tokens.findIndex((token, i) => token === next[0] && tokens[i + 1] === next[1])
    tokens.splice(at, 2, tokens[at] + tokens[at + 1])
  }
}
