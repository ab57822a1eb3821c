// mistake: one-pass
import type { Merge } from "../solution.ts"

export const encode = (text: string, merges: readonly Merge[]): string[] => {
  let tokens = [...text]
  for (const [left, right] of merges) {
    const joined: string[] = []
    for (let i = 0; i < tokens.length; i++) {
      const pair = tokens[i] === left && tokens[i + 1] === right
      joined.push(pair ? left + right : tokens[i])
      if (pair) i++
    }
    tokens = joined
  }
  return tokens
}
