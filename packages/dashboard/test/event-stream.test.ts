import fc from "fast-check"
import { expect, test } from "vitest"
import { readEvents } from "../page/event-stream.js"

/** The bytes, cut at these places. */
async function* cut(bytes: Uint8Array, places: readonly number[]): AsyncGenerator<Uint8Array> {
  const edges = [0, ...[...places].sort((a, b) => a - b), bytes.length]
  for (let i = 1; i < edges.length; i++) yield bytes.subarray(edges[i - 1], edges[i])
}

const text =
  ': a comment\n\nevent: text\ndata: {"text":"Grüße – 😀"}\n\nevent: done\r\ndata: one\r\ndata: two\r\n\r\ndata: plain\n\nevent: lost\ndata: never ended'

test("events are the same however the bytes are cut; an unfinished one is none", async () => {
  const bytes = new TextEncoder().encode(text)
  await fc.assert(
    fc.asyncProperty(fc.array(fc.nat(bytes.length), { maxLength: 12 }), async places => {
      const events: unknown[] = []
      for await (const event of readEvents(cut(bytes, places))) events.push(event)
      expect(events).toEqual([
        { event: "text", data: '{"text":"Grüße – 😀"}' },
        { event: "done", data: "one\ntwo" },
        { event: "message", data: "plain" },
      ])
    }),
  )
})
