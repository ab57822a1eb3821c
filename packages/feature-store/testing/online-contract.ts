import { afterAll, beforeAll, describe, expect, it } from "vitest"
import type { OnlineStore } from "../src/online/port.ts"
import { describeDefinitions } from "./online-definitions.ts"
import { describeProgress } from "./online-progress.ts"
import { describeReading } from "./online-reading.ts"
import type { OnlineContext } from "./online-samples.ts"
import { describeWriting } from "./online-writing.ts"

/** Opens the store under test; each call another handle on the same rows, as another process has. */
export type OpenOnlineStore = () => Promise<OnlineStore>

/** The rules of the OnlineStore port, on any adapter. The store may hold other views: every test makes its own. */
export const describeOnlineStore = (name: string, open: OpenOnlineStore): void => {
  describe(`OnlineStore: ${name}`, () => {
    let stores: [OnlineStore, OnlineStore]
    beforeAll(async () => {
      stores = [await open(), await open()]
    })
    afterAll(async () => {
      for (const store of stores) await store.close()
    })
    const context: OnlineContext = { store: () => stores[0], another: () => stores[1] }
    describeDefinitions(context)
    describeWriting(context)
    describeReading(context)
    describeProgress(context)

    it("closes twice without complaint", async () => {
      const store = await open()
      await store.close()
      await store.close()
      expect(await stores[0].view("none-of-this-name")).toBeUndefined()
    })
  })
}
