import { readFileSync } from "node:fs"
import { join } from "node:path"
import { sha256 } from "@roadmap/core/hash"
import { colourVariables } from "@roadmap/report/plots/palette"
import type { FastifyInstance } from "fastify"

/** The page's files: what is not listed is not served. */
const files = [
  "answer.css",
  "announcer.js",
  "api.js",
  "app.js",
  "conversation.js",
  "documents.js",
  "dom.js",
  "event-stream.js",
  "icon.svg",
  "markdown.js",
  "passage.js",
  "render-markdown.js",
  "style.css",
  "turn.js",
  "why.js",
]

const types: Record<string, string> = {
  css: "text/css; charset=utf-8",
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  svg: "image/svg+xml",
}

/**
 * Only this server's own files, no script or style in the HTML, and no text ever taken for HTML: with trusted types
 * the browser itself refuses `innerHTML` (https://www.w3.org/TR/trusted-types/).
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ")

/**
 * The chat page at `/`. Its files hold no secret and are served without a token, which the page itself asks for; what it
 * shows it gets from the assistant's routes.
 */
export const addPage = (routes: FastifyInstance): void => {
  const folder = join(import.meta.dirname, "..", "page")
  const read = (name: string) => readFileSync(join(folder, name), "utf8")
  serve(routes, "/", "html", read("index.html"))
  serve(routes, "/page/colours.css", "css", colourVariables(":root"))
  for (const name of files) serve(routes, `/page/${name}`, name.slice(name.lastIndexOf(".") + 1), read(name))
}

const serve = (routes: FastifyInstance, path: string, type: string, content: string): void => {
  const etag = `"${sha256(content).slice(0, 32)}"`
  routes.get(path, { config: { probe: true } }, (request, reply) => {
    reply
      .header("etag", etag)
      .header("cache-control", "no-cache")
      .header("content-security-policy", contentSecurityPolicy)
      .header("x-content-type-options", "nosniff")
      .header("referrer-policy", "no-referrer")
      .header("cross-origin-opener-policy", "same-origin")
    if (request.headers["if-none-match"] === etag) return reply.code(304).send()
    return reply.header("content-type", types[type]).send(content)
  })
}
