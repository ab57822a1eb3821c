import type { LexicalHit } from "../document-index.ts"

/**
 * The k best of many hits: a heap with the worst of the kept on top. Equal scores go by id, so that the order does not
 * depend on when a chunk came in.
 */
export const topHits = (k: number) => {
  const heap: LexicalHit[] = []
  const worse = (a: LexicalHit, b: LexicalHit) => a.score < b.score || (a.score === b.score && a.id > b.id)
  const up = (from: number) => {
    for (let at = from; at > 0; ) {
      const parent = (at - 1) >> 1
      if (!worse(heap[at], heap[parent])) return
      ;[heap[at], heap[parent]] = [heap[parent], heap[at]]
      at = parent
    }
  }
  const down = () => {
    for (let at = 0; ; ) {
      let least = 2 * at + 1
      if (least >= heap.length) return
      if (least + 1 < heap.length && worse(heap[least + 1], heap[least])) least++
      if (!worse(heap[least], heap[at])) return
      ;[heap[at], heap[least]] = [heap[least], heap[at]]
      at = least
    }
  }
  return {
    /** What a hit must reach to be kept. */
    least: 0,
    offer(score: number, id: string) {
      const hit = { id, score }
      if (heap.length < k) {
        heap.push(hit)
        up(heap.length - 1)
      } else if (k > 0 && worse(heap[0], hit)) {
        heap[0] = hit
        down()
      }
      if (heap.length === k && k > 0) this.least = heap[0].score
    },
    /** Best first. */
    sorted: (): LexicalHit[] => [...heap].sort((a, b) => (worse(b, a) ? -1 : 1)),
  }
}
