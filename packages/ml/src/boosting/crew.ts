/** One of the threads that fit together. All run the same program on their own rows and meet at barriers. */
export interface Crew {
  readonly thread: number
  readonly threads: number
  /** Returns when every thread has called it. Throws when the fit ended early. */
  barrier(): void
}

export const alone: Crew = { thread: 0, threads: 1, barrier: () => {} }
