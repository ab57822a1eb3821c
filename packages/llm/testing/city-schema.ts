import { z } from "zod"

/** A small document that any model can fill in. */
export const citySchema = z.object({
  city: z.string().max(20),
  inhabitants: z.int().min(0).max(100_000_000),
})
