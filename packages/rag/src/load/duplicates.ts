import { sha256 } from "@roadmap/core/hash"
import { bandsOf, minHash, type Signature, similarity } from "./min-hash.ts"
import type { Source } from "./source.ts"

/**
 * A source without the documents that repeat an earlier one: the same words (whatever case and spacing), or, where
 * `near` is given, an estimated share of common five-word sequences of at least `near`. The first one stays; each of the
 * others is told to onSkipped with the one that it repeats. What is dropped depends on the source alone, so an index that
 * is brought up to date equals one that is built anew.
 */
export const withoutDuplicates = (source: Source, options: { near?: number } = {}): Source => ({
  name: source.name,
  async *documents(given = {}) {
    const { near } = options
    const exact = new Map<string, string>()
    const kept: { id: string; signature: Signature }[] = []
    const byBand = new Map<string, number[]>()
    const drop = (name: string, reason: string) =>
      given.onSkipped?.({ source: source.name, name, code: "ALREADY_EXISTS", reason })

    for await (const document of source.documents(given)) {
      const words = document.text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []
      const hash = sha256(words.join(" "))
      const same = exact.get(hash)
      if (same !== undefined) {
        drop(document.id, `The same text as ${same}.`)
        continue
      }
      if (near !== undefined) {
        const signature = minHash(words)
        const bands = bandsOf(signature)
        const candidates = new Set(bands.flatMap(band => byBand.get(band) ?? []))
        const like = [...candidates]
          .map(at => ({ ...kept[at], share: similarity(kept[at].signature, signature) }))
          .find(({ share }) => share >= near)
        if (like) {
          drop(document.id, `${Math.round(100 * like.share)} % like ${like.id}.`)
          continue
        }
        for (const band of bands) byBand.set(band, [...(byBand.get(band) ?? []), kept.length])
        kept.push({ id: document.id, signature })
      }
      exact.set(hash, document.id)
      yield document
    }
  },
})
