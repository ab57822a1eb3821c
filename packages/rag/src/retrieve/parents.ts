import type { DocumentIndex } from "../document-index.ts"
import type { Retrieved } from "../retriever.ts"

/**
 * Puts the parent chunk in the place of each passage that has one, so that what is small enough to be found well is read
 * with what stands around it. A parent stands where its best child stood, once.
 */
export const expandToParents = async (
  index: Pick<DocumentIndex, "chunks">,
  passages: readonly Retrieved[],
): Promise<Retrieved[]> => {
  const wanted = [...new Set(passages.flatMap(({ chunk }) => chunk.parentId ?? []))]
  const parents = new Map((await index.chunks(wanted)).map(chunk => [chunk.id, chunk]))
  const seen = new Set<string>()
  return passages.flatMap(passage => {
    const chunk = parents.get(passage.chunk.parentId ?? "") ?? passage.chunk
    if (seen.has(chunk.id)) return []
    seen.add(chunk.id)
    return [{ ...passage, chunk }]
  })
}
