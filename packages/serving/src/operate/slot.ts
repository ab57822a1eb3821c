import type { ServedModel } from "../model/served.ts"

/**
 * The place of a served model that can be changed while requests go on: each request works with the version it
 * borrowed, and a version is given up when nobody has it any more.
 */
export interface ModelSlot<T> {
  /** For work that ends before the event loop goes on. */
  current(): T
  /** For work that waits. Give it back in every case. */
  borrow(): T
  giveBack(live: T): void
  /** Requests that come from now on get `next`. Resolves when the version before was given back by all, and closed. */
  swap(next: T): Promise<void>
  /** Closes the current version when it was given back by all. */
  close(): Promise<void>
}

/** `release` closes a version; default: the served model itself. */
export const createModelSlot = <T extends { readonly served: ServedModel }>(
  first: T,
  release: (old: T) => Promise<void> = ({ served }) => served.close(),
): ModelSlot<T> => {
  let current = first
  const borrowed = new Map<T, number>()
  const drained = new Map<T, () => void>()

  const retire = async (old: T): Promise<void> => {
    if (borrowed.has(old))
      await new Promise<void>(resolve => {
        drained.set(old, resolve)
      })
    await release(old)
  }
  return {
    current: () => current,
    borrow() {
      borrowed.set(current, (borrowed.get(current) ?? 0) + 1)
      return current
    },
    giveBack(live) {
      const left = (borrowed.get(live) ?? 0) - 1
      if (left > 0) {
        borrowed.set(live, left)
        return
      }
      borrowed.delete(live)
      drained.get(live)?.()
      drained.delete(live)
    },
    swap(next) {
      const old = current
      current = next
      return retire(old)
    },
    close: () => retire(current),
  }
}
