import { randomUUID } from "node:crypto"
import { describe } from "vitest"
import type { VectorStore } from "../src/vector-store.ts"
import { badInputRules } from "./contract/bad-input.ts"
import type { ContractContext } from "./contract/context.ts"
import { filterRules } from "./contract/filters.ts"
import { searchRules } from "./contract/searches.ts"
import { writeRules } from "./contract/writes.ts"

/** Opens a collection; the same name is the same collection. */
export type VectorStoreFactory = (options: { name: string; dimensions: number }) => Promise<VectorStore>

/**
 * The rules of the VectorStore port, on any adapter. A server may hold other people's collections: every test makes its own.
 */
export const describeVectorStore = (name: string, factory: VectorStoreFactory): void => {
  describe(`VectorStore: ${name}`, () => {
    const context: ContractContext = {
      newName: () => `t${randomUUID().replaceAll("-", "").slice(0, 20)}`,
      open: (collection, dimensions = 4) => factory({ name: collection, dimensions }),
      fresh: dimensions => context.open(context.newName(), dimensions),
    }
    writeRules(context)
    searchRules(context)
    filterRules(context)
    badInputRules(context)
  })
}
