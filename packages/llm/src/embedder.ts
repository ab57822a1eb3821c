/** Port: texts to vectors whose cosine tells how near two meanings are. */
export interface Embedder {
  /** Model and revision. An index is bound to it: vectors of two embedders cannot be compared. */
  readonly id: string
  readonly dimensions: number
  /**
   * One vector a text, in order, each of length 1 (so that the dot product is the cosine). Texts longer than the model
   * reads are cut at its limit. Throws RoadmapError as ChatModel does.
   */
  embed(texts: readonly string[], signal?: AbortSignal): Promise<Float32Array[]>
  [Symbol.asyncDispose](): Promise<void>
}
