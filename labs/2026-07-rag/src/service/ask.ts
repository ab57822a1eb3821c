import { RoadmapError } from "@roadmap/core/errors"

export interface Streamed {
  /** The answer of the last event. */
  text: string
  /** What the text events add up to. */
  streamed: string
  /** Milliseconds from sending the question. */
  firstEventMs: number
  ms: number
}

const post = (url: string, body: object, signal?: AbortSignal): Promise<Response> =>
  fetch(`${url}/v1/ask`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal,
  })

/** Asks and reads the events as they come (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export const askStreamed = async (url: string, question: string, signal?: AbortSignal): Promise<Streamed> => {
  const started = performance.now()
  const response = await post(url, { question, stream: true }, signal)
  if (!response.ok || !response.body) throw await failure(response)
  let firstEventMs = Number.NaN
  let streamed = ""
  let text: string | undefined
  let waiting = ""
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    if (Number.isNaN(firstEventMs)) firstEventMs = performance.now() - started
    const events = (waiting + piece).split("\n\n")
    waiting = events.pop()!
    for (const event of events) {
      const { name, data } = parseEvent(event)
      if (name === "text") streamed += data.text
      if (name === "done") text = data.answer?.text
      if (name === "error")
        throw new RoadmapError("SERVICE_FAILED", `The service said: ${JSON.stringify(data)}`)
    }
  }
  if (text === undefined) throw new RoadmapError("SERVICE_FAILED", "The stream ended without its last event.")
  return { text, streamed, firstEventMs, ms: performance.now() - started }
}

export const askWhole = async (url: string, question: string, signal?: AbortSignal): Promise<string> => {
  const response = await post(url, { question }, signal)
  if (!response.ok) throw await failure(response)
  const { answer } = (await response.json()) as { answer: { text: string } }
  return answer.text
}

const parseEvent = (event: string): { name: string; data: { text?: string; answer?: { text: string } } } => {
  const field = (name: string) =>
    event
      .split("\n")
      .filter(line => line.startsWith(`${name}: `))
      .map(line => line.slice(name.length + 2))
      .join("\n")
  return { name: field("event"), data: JSON.parse(field("data") || "{}") }
}

const failure = async (response: Response): Promise<RoadmapError> =>
  new RoadmapError("SERVICE_FAILED", `The service answered ${response.status}: ${await response.text()}`)
