import type { SourceFigures } from "./sources.ts"

/** What a training set was made of. */
export interface Receipt {
  readonly service: string
  readonly version: string
  readonly views: readonly { readonly name: string; readonly version: string }[]
  readonly rows: number
  readonly path: JoinPath
  /** Only rows created up to here were read. */
  readonly asOf?: Date
  readonly sources: readonly SourceFigures[]
  /** What somebody should look at; nothing of it stopped the work. */
  readonly warnings: readonly string[]
  readonly seconds: number
}

/** "sweep": typed arrays in this process. "sql": pushed down to the engine. Both give the same rows. */
export type JoinPath = "sweep" | "sql"
