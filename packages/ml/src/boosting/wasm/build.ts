import { writeFileSync } from "node:fs"
import wabt from "wabt"
import { source } from "./source.ts"

/** Assembles the kernels: the bytes of kernels.wasm, the same on every machine. */
export const buildKernels = async (): Promise<Uint8Array> => {
  const { parseWat } = await wabt()
  const features = { simd: true, threads: true, bulk_memory: true }
  const parsed = parseWat("kernels.wat", source(), features)
  // The type lacks the parameter; without it shared memory counts as an error.
  ;(parsed.validate as (features: object) => void).call(parsed, features)
  const { buffer } = parsed.toBinary({ canonicalize_lebs: true })
  parsed.destroy()
  return buffer
}

if (import.meta.main) writeFileSync(new URL("./kernels.wasm", import.meta.url), await buildKernels())
