import { clusterSource } from "./cluster-source.ts"
import { linearSource } from "./linear-source.ts"

/** The WebAssembly kernels as text; ../linear.ts and ../cluster.ts say the same in TypeScript. */
export const source = (): string => `(module
  (import "env" "memory" (memory 1 65536))
  ${linearSource()}
  ${clusterSource()}
)`
