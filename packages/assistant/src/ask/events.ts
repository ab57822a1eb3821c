import { Readable } from "node:stream"

/** One event of `text/event-stream` (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export const serverSentEvent = (data: unknown, event?: string): string =>
  `${event === undefined ? "" : `event: ${event}\n`}data: ${typeof data === "string" ? data : JSON.stringify(data)}\n\n`

/**
 * Events as a stream for `reply.send`, with a comment after so many milliseconds of silence, so that nobody between takes
 * the line for dead.
 */
export const eventStream = (events: AsyncIterable<string>, silenceMs = 15_000): Readable =>
  Readable.from(withHeartbeat(events, silenceMs))

async function* withHeartbeat(events: AsyncIterable<string>, silenceMs: number): AsyncGenerator<string> {
  const iterator = events[Symbol.asyncIterator]()
  try {
    let next = iterator.next()
    while (true) {
      const silence = Promise.withResolvers<"silence">()
      const timer = setTimeout(() => silence.resolve("silence"), silenceMs)
      let result: IteratorResult<string> | "silence"
      try {
        result = await Promise.race([next, silence.promise])
      } finally {
        clearTimeout(timer)
      }
      if (result === "silence") yield ": still working\n\n"
      else if (result.done) return
      else {
        yield result.value
        next = iterator.next()
      }
    }
  } finally {
    await iterator.return?.()
  }
}
