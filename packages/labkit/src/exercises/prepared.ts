import { createRandom, type Random } from "@roadmap/core/random"

type Values = readonly unknown[] | Float64Array | Float32Array | Int32Array | Uint32Array | Uint8Array

/** An argument that is made where the answer runs, from this description. */
export interface Prepared<T> {
  readonly prepared: "counted" | "seeded"
  /** The array to count on, or the seed. */
  readonly from: unknown
  /** Only for the type checker: what the answer receives. */
  readonly as?: T
}

/**
 * An array (or typed array) that counts how often its elements are read. A method of a typed array (slice,
 * sort) counts as one read of each element.
 */
export const counted = <T extends Values>(values: T): Prepared<T> => ({ prepared: "counted", from: values })

/** A stream of random numbers (core's Random), made anew from its seed for each call. */
export const seeded = (seed: number): Prepared<Random> => ({ prepared: "seeded", from: seed })

const isPrepared = (value: unknown): value is Prepared<unknown> =>
  typeof value === "object" && value !== null && "prepared" in value && "from" in value

/** A fresh copy of an argument as plain data: what a reference, an invariant or a message sees. */
export const plain = (argument: unknown): unknown => {
  if (isPrepared(argument) && argument.prepared === "seeded") return createRandom(argument.from as number)
  return structuredClone(isPrepared(argument) ? argument.from : argument)
}

export interface Materialised {
  /** What the answer receives. */
  value: unknown
  /** The same as data, after whatever the answer did to it. */
  readonly data: unknown
  /** Element reads so far. */
  reads(): number
}

/** Makes the argument that the answer receives. */
export const materialise = (argument: unknown): Materialised => {
  if (!isPrepared(argument)) return { value: argument, data: argument, reads: () => 0 }
  if (argument.prepared === "counted") return countReads(argument.from as object)
  return { value: createRandom(argument.from as number), data: argument, reads: () => 0 }
}

/** What an argument is before the call, as `Materialised.data` shows it. */
export const dataOf = (argument: unknown): unknown =>
  isPrepared(argument) && argument.prepared === "counted" ? argument.from : argument

const countReads = (values: object): Materialised => {
  let reads = 0
  const value = new Proxy(values, {
    get(target, key) {
      if (isIndex(key)) reads++
      // A typed array's getters and methods refuse a proxy as `this`.
      const found = Reflect.get(target, key, target)
      if (typeof found !== "function" || key === "constructor" || !ArrayBuffer.isView(target)) return found
      return (...rest: unknown[]) => {
        reads += (target as Float64Array).length
        return found.apply(target, rest)
      }
    },
  })
  return { value, data: values, reads: () => reads }
}

const isIndex = (key: string | symbol): boolean =>
  typeof key === "string" && key.charCodeAt(0) >= 48 && key.charCodeAt(0) <= 57
