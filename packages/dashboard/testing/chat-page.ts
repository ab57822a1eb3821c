import type { Script } from "@roadmap/assistant/testing/scripted-assistant"
import { proxyScript, type SmallServer, startSmall } from "@roadmap/assistant/testing/start-small"
import { RoadmapError } from "@roadmap/core/errors"
import { launchBrowser, type OpenedPage, openPage, type Scheme } from "@roadmap/report/testing/browser"
import type { Browser, Locator, Page } from "playwright-core"
import { startDashboard } from "../src/start.ts"

export const hostile = 'A page must show <script>document.title = "taken"</script> and <b>bold</b> as text.'

/** Questions that begin with `slow` wait in mid answer until the browser is closed. */
const gates = new Map<string, PromiseWithResolvers<void>>()
const gateOf = (name: string): PromiseWithResolvers<void> => {
  const known = gates.get(name) ?? Promise.withResolvers<void>()
  gates.set(name, known)
  return known
}

/** What the stand-in for the assistant says: the question names the case. */
export const scriptOf = (question: string): Script => {
  if (question.startsWith("Peru"))
    return { ...proxyScript, pieces: ["Nothing was found on this."], decline: "off-topic" }
  if (question.startsWith("hostile"))
    return {
      pieces: [
        `${hostile} [1]\n\n`,
        "[run](javascript:alert(1)) [read](https://example.org/a) <img src=x>\n\n```html\n<script>alert(1)</script>\n```",
      ],
      quotes: [{ document: "guide/hostile.md", quote: hostile }],
    }
  if (question.startsWith("breaks"))
    return {
      ...proxyScript,
      failAfter: {
        pieces: 1,
        error: new RoadmapError("SERVICE_FAILED", "The provider broke off.", { hint: "Ask again later." }),
      },
    }
  if (question.startsWith("model failed"))
    return {
      ...proxyScript,
      error: { code: "TIMEOUT", message: "The model took too long.", retryable: true },
    }
  if (question.startsWith("slow"))
    return { ...proxyScript, gate: piece => (piece === 1 ? gateOf(question).promise : Promise.resolve()) }
  return proxyScript
}

/** The dashboard over a small index, and a browser to look at it. */
export interface ChatPages extends AsyncDisposable {
  readonly browser: Browser
  readonly server: SmallServer
  /** Opens the page and waits until it has heard of the server. */
  open(width?: number, scheme?: Scheme): Promise<OpenedPage>
}

export const openChatPages = async (): Promise<ChatPages> => {
  const browser = await launchBrowser()
  const notes = ["Lexical search only; roadmap setup neural adds meaning."]
  const examples = ["How do I make fastify trust a proxy?", "Which level is the default?"]
  const server = await startSmall(scriptOf, { notes, examples }, startDashboard)
  return {
    browser,
    server,
    async open(width = 1280, scheme = "light") {
      const opened = await openPage(browser, server.url, width, scheme)
      await opened.page.waitForSelector("#examples button")
      return opened
    },
    async [Symbol.asyncDispose]() {
      for (const { resolve } of gates.values()) resolve()
      await browser.close()
      await server[Symbol.asyncDispose]()
    },
  }
}

export const ask = async (page: Page, question: string): Promise<void> => {
  await page.getByLabel("Question", { exact: true }).fill(question)
  await page.keyboard.press("Enter")
}

export const lastAnswer = (page: Page): Locator => page.locator(".turn").last().locator(".answer")
