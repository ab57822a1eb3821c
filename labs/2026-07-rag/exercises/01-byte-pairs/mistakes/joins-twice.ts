// mistake: joins-twice
import type { Merge } from "../solution.ts"

export const encode = (text: string, merges: readonly Merge[]): string[] => {
  let tokens = [...text]
  for (;;) {
    const next = merges.find(([left, right]) =>
      tokens.some((token, i) => token === left && tokens[i + 1] === right),
    )
    if (!next) return tokens
    const [left, right] = next
    tokens = tokens.flatMap((token, i) => {
      if (token === left && tokens[i + 1] === right) return [left + right]
      return token === right && tokens[i - 1] === left ? [] : [token]
    })
  }
}
