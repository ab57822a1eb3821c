// mistake: longest-token
import type { Merge } from "../solution.ts"

export const encode = (text: string, merges: readonly Merge[]): string[] => {
  const known = merges.map(([left, right]) => left + right).sort((a, b) => b.length - a.length)
  const tokens: string[] = []
  for (let at = 0; at < text.length; ) {
    const token =
      known.find(each => text.startsWith(each, at)) ?? String.fromCodePoint(text.codePointAt(at) ?? 0)
    tokens.push(token)
    at += token.length
  }
  return tokens
}
