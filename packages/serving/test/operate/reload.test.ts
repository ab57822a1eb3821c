import { execFile } from "node:child_process"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { promisify } from "node:util"
import { RoadmapError } from "@roadmap/core/errors"
import { afterEach, describe, expect, it, vi } from "vitest"
import { loadServedModel, type ServedModel } from "../../src/model/served.ts"
import { type AliasWatch, watchAliases } from "../../src/operate/reload.ts"
import { createModelSlot } from "../../src/operate/slot.ts"
import { ask, type Small, startSmall } from "./small-server.ts"
import { featuresOf, modelName, openVersions } from "./versions.ts"

const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

const reference = `${modelName}@champion`

const serve = async (versions: number, intervalMs = 3_600_000) => {
  const store = await openVersions()
  closers.push(store.close)
  await store.registerNumbers(versions)
  await store.registry.setAlias(modelName, "champion", 1)
  const closed: number[] = []
  const load = async (wanted: string) => {
    const served = await loadServedModel(store.registry, wanted)
    const close = async () => {
      closed.push(served.version)
      await served.close()
    }
    return { served: { ...served, close } satisfies ServedModel }
  }
  const slot = createModelSlot(await load(reference))
  const reloads: string[] = []
  const errors: string[] = []
  const watching = {
    registry: store.registry as Parameters<typeof watchAliases>[0]["registry"],
    entries: [{ reference, slot }],
    load,
    intervalMs,
    onReload: ({ from, to }: { from: number; to: number }) => reloads.push(`${from}>${to}`),
    onError: ({ code }: RoadmapError) => errors.push(code),
  }
  const watch = (changes: Partial<typeof watching> = {}): AliasWatch => {
    const started = watchAliases({ ...watching, ...changes })
    closers.push(() => started.stop())
    return started
  }
  return { store, slot, watch, closed, reloads, errors, load }
}
type Serving = Awaited<ReturnType<typeof serve>>

/** A route that scores, after a wait that some requests ask for. */
const startScoring = async ({ slot }: Serving): Promise<Small> => {
  const small = await startSmall(server => {
    server.get<{ Querystring: { ms?: string } }>("/score", async ({ query }) => {
      const live = slot.borrow()
      try {
        if (query.ms) await delay(Number(query.ms))
        const predictions = await live.served.predict(featuresOf(1))
        return { version: live.served.version, value: predictions.columns[0].values[0] }
      } finally {
        slot.giveBack(live)
      }
    })
  })
  closers.push(small.close)
  return small
}

describe("a served alias", () => {
  it("is moved under load without one failed or mixed-up request, also of those that wait", async () => {
    const serving = await serve(4)
    const { store, closed, reloads } = serving
    const { port } = await startScoring(serving)
    const watch = serving.watch()
    let going = true
    const answers: { status: number; text: string }[] = []
    const client = async (path: string) => {
      while (going) answers.push(await ask(port, path))
    }
    const clients = [..."12345678"].map(i => client(Number(i) % 2 ? "/score" : "/score?ms=3"))
    for (let move = 1; move <= 15; move++) {
      await store.registry.setAlias(modelName, "champion", 1 + (move % 4))
      await watch.check()
      await vi.waitFor(() => expect(answers.length).toBeGreaterThan(3 * move), 10_000)
    }
    going = false
    await Promise.all(clients)
    expect(reloads).toHaveLength(15)
    expect(answers.length).toBeGreaterThan(30)
    expect(answers.filter(({ status }) => status !== 200)).toEqual([])
    const seen = answers.map(({ text }) => JSON.parse(text) as { version: number; value: number })
    expect(seen.filter(({ version, value }) => version !== value)).toEqual([])
    expect(new Set(seen.map(({ version }) => version)).size).toBe(4)
    await watch.stop()
    expect(closed).toHaveLength(15)
  })
  it("is followed by itself, at an interval", async () => {
    const { store, slot, watch } = await serve(2, 20)
    watch({ intervalMs: 20 })
    await store.registry.setAlias(modelName, "champion", 2)
    await expect.poll(() => slot.current().served.version).toBe(2)
  })
  it("keeps the version that a request has borrowed until it gives it back", async () => {
    const { store, slot, watch, closed } = await serve(2)
    const watching = watch()
    const held = [slot.borrow(), slot.borrow()]
    await store.registry.setAlias(modelName, "champion", 2)
    await watching.check()
    expect(slot.current().served.version).toBe(2)
    expect(slot.borrow().served.version).toBe(2)
    slot.giveBack(held[0])
    await delay(1)
    expect(closed).toEqual([])
    slot.giveBack(held[1])
    await watching.stop()
    expect(closed).toEqual([1])
  })
  it("stays where it is while the registry is away, says so once, and follows when it is back", async () => {
    const { store, slot, watch, errors } = await serve(2)
    let away = false
    const registry = {
      ...store.registry,
      getByAlias: async (...where: Parameters<typeof store.registry.getByAlias>) => {
        if (away) throw new RoadmapError("UNREACHABLE", "The registry gave no answer.")
        return store.registry.getByAlias(...where)
      },
    }
    const watching = watch({ registry })
    await store.registry.setAlias(modelName, "champion", 2)
    away = true
    await watching.check()
    await watching.check()
    expect(watching.registryAnswers()).toBe(false)
    expect(watching.trouble(reference)?.code).toBe("UNREACHABLE")
    expect(slot.current().served.version).toBe(1)
    expect(errors).toEqual(["UNREACHABLE"])
    away = false
    await watching.check()
    expect(watching.registryAnswers()).toBe(true)
    expect(watching.trouble(reference)).toBeUndefined()
    expect(slot.current().served.version).toBe(2)
  })
  it("stays where it is when the new version cannot be loaded, or the alias is gone", async () => {
    const { store, slot, watch, errors, load } = await serve(2)
    const watching = watch({
      load: async wanted => {
        if (wanted.endsWith("/2")) throw new RoadmapError("MODEL_FORMAT", "Model 2 is broken.")
        return load(wanted)
      },
    })
    await store.registry.setAlias(modelName, "champion", 2)
    await watching.check()
    expect(slot.current().served.version).toBe(1)
    expect(watching.registryAnswers()).toBe(true)
    expect(watching.trouble(reference)?.message).toBe("Model 2 is broken.")
    await store.registry.deleteAlias(modelName, "champion")
    await watching.check()
    expect(errors).toEqual(["MODEL_FORMAT", "NOT_FOUND"])
    expect(slot.current().served.version).toBe(1)
  })
  it("is seen where it is now by a check that comes during another", async () => {
    const { store, slot, watch } = await serve(3)
    const watching = watch()
    await store.registry.setAlias(modelName, "champion", 2)
    const first = watching.check()
    await store.registry.setAlias(modelName, "champion", 3)
    await watching.check()
    expect(slot.current().served.version).toBe(3)
    await first
  })
  it("does not ask for what cannot move", async () => {
    const { slot, watch } = await serve(1)
    const registry = {
      getByAlias: () => Promise.reject(new Error("asked")),
      getVersion: () => Promise.reject(new Error("asked")),
      getModel: () => Promise.reject(new Error("asked")),
      listVersions: () => Promise.reject(new Error("asked")),
    }
    const fixed = `${modelName}/1`
    const watching = watch({ registry, entries: [{ reference: fixed, slot }] })
    await watching.check()
    expect(watching.trouble(fixed)).toBeUndefined()
  })
})

it("memory stays flat over 100 reloads of a large model", async () => {
  const script = join(import.meta.dirname, "reload-memory.ts")
  const { stdout } = await promisify(execFile)(process.execPath, ["--expose-gc", script], { timeout: 60_000 })
  const { before, after, reloads } = JSON.parse(stdout) as Record<string, number>
  expect(reloads).toBe(100)
  // Kept by mistake, the models grow it by 23 MB (measured).
  expect((after - before) / 2 ** 20).toBeLessThan(8)
}, 60_000)
