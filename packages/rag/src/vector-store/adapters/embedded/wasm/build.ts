import { writeFileSync } from "node:fs"
import wabt from "wabt"
import { source } from "./source.ts"

/** Assembles the kernels: the bytes of kernels.wasm, the same on every machine. */
export const buildKernels = async (): Promise<Uint8Array> => {
  const { parseWat } = await wabt()
  const parsed = parseWat("kernels.wat", source(), { simd: true })
  parsed.validate()
  const { buffer } = parsed.toBinary({ canonicalize_lebs: true })
  parsed.destroy()
  return buffer
}

if (import.meta.main) writeFileSync(new URL("./kernels.wasm", import.meta.url), await buildKernels())
