import { expect, test } from "vitest"
import { eventStream, serverSentEvent } from "../src/ask/events.ts"

test("a silent stream is kept alive by comments, which are no events", async () => {
  const open = Promise.withResolvers<void>()
  async function* events(): AsyncGenerator<string> {
    yield serverSentEvent({ text: "a" }, "text")
    await open.promise
    yield serverSentEvent({ text: "b" }, "text")
  }
  const parts: string[] = []
  for await (const part of eventStream(events(), 5)) {
    parts.push(part)
    if (parts.length === 3) open.resolve()
  }
  const spoken = parts.filter(part => !part.startsWith(":"))
  expect(spoken).toEqual(['event: text\ndata: {"text":"a"}\n\n', 'event: text\ndata: {"text":"b"}\n\n'])
  expect(parts.length).toBeGreaterThan(spoken.length)
})

test("a stream that nobody reads any more ends its source", async () => {
  let ended = false
  async function* events(): AsyncGenerator<string> {
    try {
      while (true) yield serverSentEvent("more")
    } finally {
      ended = true
    }
  }
  for await (const _ of eventStream(events())) break
  await expect.poll(() => ended).toBe(true)
})
