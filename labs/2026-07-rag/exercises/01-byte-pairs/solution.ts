export type Merge = readonly [left: string, right: string]

/** The tokens of a text by byte-pair encoding. */
export const encode = (text: string, merges: readonly Merge[]): string[] => {
  let tokens = [...text]
  for (;;) {
    const next = merges.find(([left, right]) =>
      tokens.some((token, i) => token === left && tokens[i + 1] === right),
    )
    if (!next) return tokens
    tokens = join(tokens, next)
  }
}

const join = (tokens: readonly string[], [left, right]: Merge): string[] => {
  const joined: string[] = []
  for (let i = 0; i < tokens.length; i++) {
    const pair = tokens[i] === left && tokens[i + 1] === right
    joined.push(pair ? left + right : tokens[i])
    if (pair) i++
  }
  return joined
}
