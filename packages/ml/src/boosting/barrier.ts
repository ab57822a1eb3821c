const spins = 20_000

/**
 * A barrier for `threads` threads over two integers of shared memory: how many have come, and a generation
 * that the last one raises. Waiting spins for about 50 microseconds first, since splits are often that close
 * together, then sleeps, so that a crew on busy cores does not burn them.
 */
export const createBarrier = (control: Int32Array, at: number, threads: number, maySpin: boolean) => {
  const arrived = at
  const generation = at + 16
  return (): void => {
    const current = Atomics.load(control, generation)
    if (Atomics.add(control, arrived, 1) === threads - 1) {
      Atomics.store(control, arrived, 0)
      Atomics.store(control, generation, current + 1)
      Atomics.notify(control, generation)
      return
    }
    if (maySpin)
      for (let spin = 0; spin < spins; spin++) if (Atomics.load(control, generation) !== current) return
    while (Atomics.load(control, generation) === current) Atomics.wait(control, generation, current)
  }
}
