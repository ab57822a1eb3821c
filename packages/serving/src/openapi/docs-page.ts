import { createHash } from "node:crypto"
import type { FastifyInstance } from "fastify"
import type { Schema } from "./schemas.ts"

/**
 * `GET /openapi.json`, and `GET /docs`: the same for people, as one page that needs no network but this
 * server's own.
 */
export const addDocs = (app: FastifyInstance, document: () => Schema): void => {
  app.get("/openapi.json", () => document())
  app.get("/docs", (_, reply) =>
    reply
      .header("content-type", "text/html; charset=utf-8")
      .header("content-security-policy", policy)
      .send(docsPage(document())),
  )
}

interface Operation {
  readonly summary?: string
  readonly requestBody?: {
    readonly content: Record<string, { readonly examples?: Record<string, { readonly value: unknown }> }>
  }
  readonly responses: Record<string, { readonly description: string }>
}

interface Described {
  readonly info: { readonly title: string; readonly description: string; readonly version: string }
  readonly paths: Record<string, Record<string, Operation>>
}

export const docsPage = (schema: Schema): string => {
  const { info, paths } = schema as unknown as Described
  const sections = Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => section(method.toUpperCase(), path, operation)),
  )
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escaped(info.title)}</title>
<style>${style}</style>
<h1>${escaped(info.title)}</h1>
<p>${escaped(info.description)} Version ${escaped(info.version)}; <a href="openapi.json">openapi.json</a>.</p>
<p><label>Bearer token, if the server asks for one: <input id="token" type="password" autocomplete="off"></label></p>
${sections.join("\n")}
<script>${script}</script>
</html>
`
}

const section = (method: string, path: string, { summary, requestBody, responses }: Operation): string => {
  const codes = Object.entries(responses).map(
    ([code, { description }]) => `<li><code>${code}</code> ${escaped(description)}</li>`,
  )
  const bodies = Object.entries(requestBody?.content ?? {}).flatMap(([type, { examples = {} }]) =>
    Object.entries(examples).map(([name, { value }]) => runnable(method, path, { type, name, value })),
  )
  return `<section><h2><code>${method} ${escaped(path)}</code></h2><p>${escaped(summary ?? "")}</p>
${bodies.length > 0 ? bodies.join("\n") : runnable(method, path)}
<details><summary>Answers</summary><ul>${codes.join("")}</ul></details></section>`
}

const runnable = (
  method: string,
  path: string,
  body?: { readonly type: string; readonly name: string; readonly value: unknown },
): string => {
  const text =
    body === undefined
      ? ""
      : typeof body.value === "string"
        ? body.value
        : JSON.stringify(body.value, null, 1)
  const label = body === undefined ? "Call" : `${body.name} (${body.type})`
  return `<form data-method="${method}" data-path="${escaped(path)}" data-type="${escaped(body?.type ?? "")}">
${body === undefined ? "" : `<textarea rows="6" spellcheck="false" aria-label="${escaped(label)}">${escaped(text)}</textarea>`}
<button>${escaped(label)}</button><pre hidden></pre></form>`
}

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}
section{border-top:1px solid #ccc;margin-top:1.5rem}h2{font-size:1.05rem}textarea{width:100%;font:13px monospace}
pre{background:#f3f3f3;padding:.5rem;overflow:auto;white-space:pre-wrap}form{margin:.75rem 0}`

const script = `document.addEventListener("submit", async event => {
  event.preventDefault()
  const form = event.target
  const { method, path, type } = form.dataset
  const text = form.querySelector("textarea")?.value
  const token = document.getElementById("token").value
  const output = form.querySelector("pre")
  output.hidden = false
  try {
    const headers = { ...(type && { "content-type": type }), ...(token && { authorization: "Bearer " + token }) }
    const answer = await fetch("." + path, { method, headers, body: text })
    output.textContent = answer.status + "\\n" + (await answer.text())
  } catch (error) {
    output.textContent = String(error)
  }
})`

const hash = createHash("sha256").update(script).digest("base64")
const styleHash = createHash("sha256").update(style).digest("base64")
/** Nothing is loaded, and nothing runs but the page's own script. */
const policy = `default-src 'none'; connect-src 'self'; script-src 'sha256-${hash}'; style-src 'sha256-${styleHash}'; frame-ancestors 'none'`

const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
