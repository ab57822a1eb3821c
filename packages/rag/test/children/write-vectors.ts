/** Writes 20 calls of 100 vectors and tells its parent after each. Arguments: folder, a letter for the ids. */
import { openEmbeddedStore } from "../../src/vector-store/adapters/embedded/store.ts"

const [folder, label] = process.argv.slice(2)
await using store = await openEmbeddedStore({ folder, dimensions: 8 })
for (let call = 0; call < 20; call++) {
  const records = Array.from({ length: 100 }, (_, i) => ({
    id: `${label}${call}-${i}`,
    vector: Float32Array.from({ length: 8 }, (_, d) => Math.sin(call + i * d + 1)),
    metadata: { call },
  }))
  await store.upsert(records)
  process.send?.(call + 1)
  await new Promise(setImmediate)
}
process.disconnect?.()
