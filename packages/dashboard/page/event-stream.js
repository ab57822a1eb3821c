/**
 * The events of a `text/event-stream` body, however its bytes are cut
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
 *
 * @param {AsyncIterable<Uint8Array>} bytes
 * @returns {AsyncGenerator<{ event: string, data: string }>}
 */
export async function* readEvents(bytes) {
  const decoder = new TextDecoder()
  let waiting = ""
  let event = ""
  /** @type {string[]} */
  let data = []
  for await (const part of bytes) {
    waiting += decoder.decode(part, { stream: true })
    const lines = waiting.split(/\r\n|\n|\r(?!$)/)
    waiting = lines.pop() ?? ""
    for (const line of lines) {
      if (line === "") {
        if (data.length > 0) yield { event: event || "message", data: data.join("\n") }
        event = ""
        data = []
        continue
      }
      const [, field, value] = /^([^:]*):? ?(.*)$/s.exec(line) ?? []
      if (field === "event") event = value
      else if (field === "data") data.push(value)
    }
  }
}
