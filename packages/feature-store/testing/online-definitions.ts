import { describe, expect, it } from "vitest"
import { rowsFrom } from "./online-rows.ts"
import { airportView, at, type OnlineContext, refused } from "./online-samples.ts"

export const describeDefinitions = ({ store, another }: OnlineContext): void => {
  const snow = { values: { airport: "ORD", mean_delay: 12.5, weather: "snow" }, eventTime: at(1) }

  describe("a view", () => {
    it("is known to every process once defined, and may be defined again", async () => {
      const view = airportView({ ttlMicros: 3_600_000_000 })
      await store().define(view)
      await another().define(view)
      expect(await another().view(view.name)).toEqual(view)
      expect((await store().views()).filter(({ name }) => name === view.name)).toEqual([view])
    })
    it("keeps its rows when the same version is defined again", async () => {
      const view = airportView()
      await store().define(view)
      await store().write(view.name, rowsFrom(view, [snow]))
      await another().define(view, { replace: true })
      expect((await store().read(view.name, [["ORD"]]))[0].status).toBe("present")
    })
    it("of another version is refused, and the old one stays", async () => {
      const view = airportView()
      await store().define(view)
      await refused("SCHEMA_MISMATCH", another().define({ ...view, version: "v2" }), /v1.*v2/)
      expect(await store().view(view.name)).toEqual(view)
    })
    it("is replaced on request, without the rows, progress and pushed facts of the old version", async () => {
      const view = airportView()
      await store().define(view)
      const from = await store().progress(view.name)
      const advance = { from, materializedTo: at(1), pushedTo: at(2), keep: Uint8Array.of(1) }
      await store().write(view.name, rowsFrom(view, [snow]), { advance })
      const next = { ...view, version: "v2", features: [{ name: "flights", type: "int64" as const }] }
      await store().define(next, { replace: true })
      expect(await store().read(view.name, [["ORD"]])).toEqual([
        { status: "missing", values: { flights: null } },
      ])
      expect(await store().progress(view.name)).toEqual({ revision: 0 })
      expect(await store().pushed(view.name)).toEqual([])
    })
    it("replaced by another process is read in its new version, and rows of the old one are refused", async () => {
      const view = airportView()
      await store().define(view)
      await store().write(view.name, rowsFrom(view, [snow]))
      await store().read(view.name, [["ORD"]])
      const next = { ...view, version: "v2", features: [{ name: "flights", type: "int32" as const }] }
      await another().define(next, { replace: true })
      expect((await store().read(view.name, [["ORD"]]))[0].values).toEqual({ flights: null })
      await refused("SCHEMA_MISMATCH", store().write(view.name, rowsFrom(view, [snow])))
      await another().write(
        view.name,
        rowsFrom(next, [{ values: { airport: "ORD", flights: 3 }, eventTime: at(1) }]),
      )
      expect((await store().read(view.name, [["ORD"]]))[0].values).toEqual({ flights: 3 })
    })
    it("that was dropped is unknown, to other processes too, and may be dropped again", async () => {
      const view = airportView()
      await store().define(view)
      await store().write(view.name, rowsFrom(view, [snow]))
      await another().read(view.name, [["ORD"]])
      await store().drop(view.name)
      await store().drop(view.name)
      expect(await another().view(view.name)).toBeUndefined()
      await refused("NOT_FOUND", another().read(view.name, [["ORD"]]))
      await refused("NOT_FOUND", another().write(view.name, rowsFrom(view, [snow])))
      await refused("NOT_FOUND", another().progress(view.name))
      await store().define(view)
      expect((await another().read(view.name, [["ORD"]]))[0].status).toBe("missing")
    })
    it("that nobody defined is unknown, with the nearest name as a hint", async () => {
      const view = airportView()
      await store().define(view)
      await expect(store().read(`${view.name}s`, [["ORD"]])).rejects.toMatchObject({
        code: "NOT_FOUND",
        hint: `Did you mean "${view.name}"?`,
      })
    })
    it.each([
      ["no key", { keys: [] }],
      ["no feature", { features: [] }],
      ["no version", { version: "" }],
      ["a key that is a fraction", { keys: [{ name: "airport", type: "float64" as const }] }],
      ["a name twice", { features: [{ name: "airport", type: "int32" as const }] }],
      ["a column without a name", { features: [{ name: "", type: "int32" as const }] }],
      ["a name that is none", { name: "a/b" }],
      ["a TTL of nothing", { ttlMicros: 0 }],
    ])("with %s is refused", async (_, change) => {
      await refused("INVALID_INPUT", store().define(airportView(change)))
    })
  })
}
