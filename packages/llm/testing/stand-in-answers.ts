/** The pieces of the stand-in's streamed answer, in the shape of chat completion chunks. */
export const chunksOf = (
  body: Record<string, unknown>,
  promptTokens: number,
  { azure, filtered }: { azure: boolean; filtered: boolean },
): unknown[] => {
  const chunk = (delta: object, finish_reason: string | null = null, more: object = {}) => ({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    model: `${body.model}-2024-07-18`,
    choices: [{ index: 0, delta, finish_reason, ...more }],
  })
  const usage = (completion_tokens: number) => ({
    id: "chatcmpl-1",
    object: "chat.completion.chunk",
    model: `${body.model}-2024-07-18`,
    choices: [],
    usage: {
      prompt_tokens: promptTokens,
      completion_tokens,
      total_tokens: promptTokens + completion_tokens,
      prompt_tokens_details: { cached_tokens: 1 },
    },
  })
  const first = azure
    ? [{ choices: [], model: "", prompt_filter_results: [{ prompt_index: 0, content_filter_results: safe }] }]
    : []
  if (body.tools && body.tool_choice === "required") {
    const pieces = toolPieces(body.tools as { function: { name: string } }[])
    return [
      ...first,
      chunk({ role: "assistant" }),
      ...pieces.map(calls => chunk({ tool_calls: calls })),
      chunk({}, "tool_calls"),
      usage(9),
    ]
  }
  const limit = (body.max_tokens ?? body.max_completion_tokens) as number | undefined
  const words = wordsOf(body)
  const said = filtered ? words.slice(0, 2) : words.slice(0, limit ?? words.length)
  const reason = filtered ? "content_filter" : said.length < words.length ? "length" : "stop"
  const results = filtered
    ? { content_filter_results: { ...safe, violence: { filtered: true, severity: "high" } } }
    : {}
  return [
    ...first,
    chunk({ role: "assistant", content: "" }),
    ...said.map(word => chunk({ content: word })),
    chunk({}, reason, results),
    usage(said.length),
  ]
}

const safe = { hate: { filtered: false, severity: "safe" }, violence: { filtered: false, severity: "safe" } }

const wordsOf = (body: Record<string, unknown>): string[] => {
  const format = body.response_format as { json_schema?: { schema: unknown } } | undefined
  const text = format?.json_schema
    ? JSON.stringify(exampleOf(format.json_schema.schema))
    : `You said: ${lastOf(body)} 👍🏽 That is all that a stand-in can say.`
  const [stop] = (body.stop ?? []) as string[]
  const at = stop === undefined ? -1 : text.indexOf(stop)
  return (at < 0 ? text : text.slice(0, at)).match(/\s*\S+/g) ?? []
}

const lastOf = ({ messages }: Record<string, unknown>): string =>
  (messages as { content: string }[]).at(-1)?.content.slice(0, 200) ?? ""

/** The smallest value of a JSON schema, as far as the tests use it. */
const exampleOf = (schema: unknown): unknown => {
  const {
    type,
    properties,
    enum: choices,
  } = schema as { type?: string; properties?: object; enum?: unknown[] }
  if (choices) return choices[0]
  if (type === "object")
    return Object.fromEntries(Object.entries(properties ?? {}).map(([key, value]) => [key, exampleOf(value)]))
  if (type === "array") return []
  if (type === "boolean") return true
  return type === "string" ? "text" : 1
}

/** Two calls at once, their arguments in pieces that alternate. */
const toolPieces = (tools: readonly { function: { name: string } }[]): object[][] => {
  const name = tools[0].function.name
  return [
    [{ index: 0, id: "call-a", type: "function", function: { name, arguments: "" } }],
    [{ index: 1, id: "call-b", type: "function", function: { name, arguments: "" } }],
    [{ index: 0, function: { arguments: '{"city":' } }],
    [{ index: 1, function: { arguments: '{"city":"Oslo"' } }],
    [
      { index: 0, function: { arguments: '"Lima"}' } },
      { index: 1, function: { arguments: "}" } },
    ],
  ]
}
