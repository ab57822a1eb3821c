import { createDispatch, type Finished } from "../src/load/dispatch.ts"

export interface SimulatedServer {
  connections: number
  /** When the answer of a request that is sent at this moment is there. */
  answeredAt(sent: number, request: number): number
  timeoutMs?: number
}

/**
 * The generator's dispatch in virtual time: every event happens exactly when it is due, so what it books can be compared
 * with what a queue gives by calculation. Ties: answers come before arrivals.
 */
export const simulateLoad = (arrivals: Iterable<number>, server: SimulatedServer): Finished[] => {
  const finished: Finished[] = []
  const { connections, answeredAt, timeoutMs = Number.POSITIVE_INFINITY } = server
  const answers: { at: number; connection: number }[] = []
  let now = 0
  let sent = 0
  const dispatch = createDispatch({
    connections,
    timeoutMs,
    send: connection => {
      insert(answers, { at: answeredAt(now, sent++), connection })
    },
    abandon: connection => {
      const place = answers.findIndex(answer => answer.connection === connection)
      if (place >= 0) answers.splice(place, 1)
      dispatch.ready(connection, now)
    },
    onFinished: each => finished.push(each),
  })
  for (let connection = 0; connection < connections; connection++) dispatch.ready(connection, 0)
  const answersUntil = (end: number): void => {
    while (answers.length > 0 && answers[0].at <= end) {
      now = answers[0].at
      dispatch.expire(now)
      // What has just timed out is no longer in the queue.
      if (answers[0]?.at === now)
        dispatch.finish(answers.shift()!.connection, now, { status: 200 }, { ready: true })
    }
  }
  for (const at of arrivals) {
    answersUntil(at)
    now = at
    dispatch.expire(now)
    dispatch.arrive(at, at)
  }
  answersUntil(Number.POSITIVE_INFINITY)
  return finished
}

const insert = (queue: { at: number; connection: number }[], entry: { at: number; connection: number }) => {
  let place = queue.length
  while (place > 0 && queue[place - 1].at > entry.at) place--
  queue.splice(place, 0, entry)
}

/**
 * Latencies of a first-come-first-served queue with `servers` places, by the recursion of Kiefer and Wolfowitz (1955):
 * a request starts when it has arrived and the place that is free the earliest is free.
 */
export const queueLatencies = (
  arrivals: readonly number[],
  servers: number,
  endOf: (start: number, request: number) => number,
): { corrected: number; naive: number }[] => {
  const free = new Array<number>(servers).fill(0)
  return arrivals.map((at, request) => {
    const place = free.indexOf(Math.min(...free))
    const start = Math.max(at, free[place])
    free[place] = endOf(start, request)
    return { corrected: free[place] - at, naive: free[place] - start }
  })
}
