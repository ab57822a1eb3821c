/** The least value of each of `hashes` hash functions over the shingles of a text. */
export type Signature = Uint32Array

const hashes = 128
/** 32 bands of 4: texts that share .6 of their shingles meet with probability .99, those that share .2 with .05. */
const rows = 4
/** Words a shingle. */
const shingle = 5

/**
 * MinHash of a text's five-word sequences (Broder, On the resemblance and containment of documents, 1997). Each hash
 * function is a multiplication and an xor of one base hash: enough for texts, where an adversary gains nothing.
 */
export const minHash = (words: readonly string[]): Signature => {
  const least = new Uint32Array(hashes).fill(0xffffffff)
  const wordHashes = words.map(fnv)
  const last = Math.max(1, wordHashes.length - shingle + 1)
  for (let at = 0; at < last; at++) {
    let base = 0x811c9dc5
    for (let i = at; i < Math.min(at + shingle, wordHashes.length); i++)
      base = Math.imul(base ^ wordHashes[i], 0x01000193)
    for (let h = 0; h < hashes; h++) {
      let value = Math.imul(base ^ seeds[h], 0x9e3779b1)
      value = (value ^ (value >>> 15)) >>> 0
      if (value < least[h]) least[h] = value
    }
  }
  return least
}

/** Estimated Jaccard similarity of the texts' shingles, 0 to 1; its standard error is at most .044. */
export const similarity = (a: Signature, b: Signature): number => {
  let equal = 0
  for (let h = 0; h < hashes; h++) if (a[h] === b[h]) equal++
  return equal / hashes
}

/** Names of the signature's bands: texts that are alike have one in common (locality-sensitive hashing). */
export const bandsOf = (signature: Signature): string[] =>
  Array.from(
    { length: hashes / rows },
    (_, band) => `${band}:${signature.subarray(band * rows, (band + 1) * rows).join(",")}`,
  )

const fnv = (word: string): number => {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return hash
}

const seeds = Uint32Array.from({ length: hashes }, (_, h) => Math.imul(h + 1, 0x85ebca6b) >>> 0)
