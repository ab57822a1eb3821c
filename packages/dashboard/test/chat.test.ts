import { proxyScript, startSmall } from "@roadmap/assistant/testing/start-small"
import { browserPath, openPage, whyNoBrowser } from "@roadmap/report/testing/browser"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { startDashboard } from "../src/start.ts"
import { ask, type ChatPages, hostile, lastAnswer, openChatPages, scriptOf } from "../testing/chat-page.ts"

/** The page as people use it, over real HTTP; the assistant is a stand-in that says what each question asks for. */
describe.skipIf(browserPath === undefined)(
  `the chat page in a browser${whyNoBrowser}`,
  { timeout: 60_000 },
  () => {
    let pages: ChatPages
    beforeAll(async () => {
      pages = await openChatPages()
    })
    afterAll(() => pages?.[Symbol.asyncDispose]())

    test("before the first question it says what it is, what is missing, and what to ask", async () => {
      const { page, complaints, requests } = await pages.open()
      expect(await page.locator("#what").textContent()).toContain("3 documents of guide")
      expect(await page.locator("#notes").textContent()).toContain("Lexical search only")
      expect(await page.locator("#examples button").count()).toBe(2)
      expect(complaints).toEqual([])
      expect(requests.every(url => url.startsWith(pages.server.url))).toBe(true)
      await page.close()
    })

    test("an example is asked by a click, and the answer has its citation, source and scores", async () => {
      const { page } = await pages.open()
      await page.locator("#examples button").first().click()
      const answer = lastAnswer(page)
      await answer.locator(".why").waitFor()
      expect(await answer.locator(".prose").textContent()).toContain(
        "fastify knows that it sits behind a proxy.",
      )
      expect(await answer.locator(".prose code").textContent()).toBe("trustProxy")
      expect(await answer.locator(".sources li button").allTextContents()).toEqual(["guide Server options"])
      await answer.getByText("Why this answer").click()
      const headings = await answer.locator("thead th").allTextContents()
      expect(headings).toEqual(["Rank", "Passage", "BM25", "Reranked", "Cited"])
      expect(await answer.locator("tbody tr.cited td").last().textContent()).toBe("[1]")
      expect(await answer.locator("dl").textContent()).toContain("93 %")
      await page.close()
    })

    test("hover and focus show the cited passage with the quote in its surroundings; Escape and leaving hide it", async () => {
      const { page } = await pages.open()
      await ask(page, "proxy")
      const citation = page.getByRole("button", { name: "Source 1: Server options" })
      const card = page.getByRole("tooltip")
      await citation.hover()
      await card.waitFor()
      expect(await card.locator("mark").textContent()).toBe(proxyScript.quotes?.[0].quote)
      expect(await card.textContent()).toContain("header fields may be trusted")
      // WCAG 1.4.13: it stays while the pointer is on it.
      await card.hover()
      await page.waitForTimeout(400)
      expect(await card.isVisible()).toBe(true)
      await page.mouse.move(5, 5)
      await card.waitFor({ state: "hidden" })
      await citation.focus()
      await card.waitFor()
      expect(await citation.getAttribute("aria-describedby")).toBe(await card.getAttribute("id"))
      await page.keyboard.press("Escape")
      await card.waitFor({ state: "hidden" })
      await page.close()
    })

    test("a citation opens its document with the quote marked, and the focus comes back to it", async () => {
      const { page } = await pages.open()
      await ask(page, "proxy")
      const citation = page.getByRole("button", { name: "Source 1: Server options" })
      await citation.focus()
      await page.keyboard.press("Enter")
      const dialog = page.getByRole("dialog", { name: "Server options" })
      expect(await dialog.locator("mark").textContent()).toBe(proxyScript.quotes?.[0].quote)
      expect(await dialog.textContent()).toContain("The option is an IP address")
      expect(await dialog.getByRole("link").getAttribute("rel")).toBe("noopener noreferrer")
      await page.keyboard.press("Escape")
      await dialog.waitFor({ state: "hidden" })
      expect(await citation.evaluate(element => element === document.activeElement)).toBe(true)
      await page.close()
    })

    test("markup in documents and answers is shown as text, links lead to http alone", async () => {
      const { page, complaints } = await pages.open()
      await ask(page, "hostile")
      const answer = lastAnswer(page)
      await answer.locator(".why").waitFor()
      expect(await answer.locator(".prose").textContent()).toContain(hostile)
      expect(await answer.locator("pre").textContent()).toBe("<script>alert(1)</script>")
      expect(await answer.locator(".prose a").count()).toBe(1)
      const link = answer.getByRole("link", { name: "read" })
      expect(await link.getAttribute("href")).toBe("https://example.org/a")
      expect(await link.getAttribute("rel")).toContain("noopener")
      await answer.locator(".citation").click()
      expect(await page.locator("#document-title").textContent()).toBe('<img src=x onerror="alert(1)">')
      expect(await page.locator("#document mark").textContent()).toBe(hostile)
      expect(await page.title()).toBe("Chat · Roadmap")
      expect(await page.locator("main script, main img, main b, dialog script, dialog img").count()).toBe(0)
      expect(complaints).toEqual([])
      // Even a mistake in the page's code could not make HTML of a text.
      const mistake = page.evaluate(() => {
        document.body.innerHTML = "<b>x</b>"
      })
      await expect(mistake).rejects.toThrow(/TrustedHTML/)
      await page.close()
    })

    test("a decline looks like one and names the nearest passages as no answer", async () => {
      const { page } = await pages.open()
      await ask(page, "Peru?")
      const answer = lastAnswer(page)
      await answer.locator(".why").waitFor()
      expect(await answer.getAttribute("class")).toContain("declined")
      expect(await answer.textContent()).toContain("The documents do not answer this")
      expect(await answer.getByRole("heading").textContent()).toBe("Nearest passages, which do not answer it")
      expect(await answer.locator(".citation").count()).toBe(0)
      await page.close()
    })

    test("an answer grows while it comes, and Stop or Escape ends the work on the server", async () => {
      const { page } = await pages.open()
      for (const [end, question] of [
        ["button", "slow one"],
        ["Escape", "slow two"],
      ]) {
        await ask(page, question)
        const answer = lastAnswer(page)
        await answer.getByText("fastify knows").waitFor()
        expect(await answer.getAttribute("aria-busy")).toBe("true")
        const asked = pages.server.asked.at(-1)
        if (end === "button") await page.getByRole("button", { name: "Stop" }).click()
        else await page.keyboard.press("Escape")
        await answer.getByText("Stopped before the answer was whole").waitFor()
        await expect.poll(() => asked?.signal?.aborted).toBe(true)
        expect(await answer.getAttribute("aria-busy")).toBeNull()
        expect(await page.getByRole("button", { name: "Send" }).isVisible()).toBe(true)
      }
      await page.close()
    })

    test("a provider that breaks off leaves what came, says why, and the question can be asked again", async () => {
      const { page } = await pages.open()
      await ask(page, "breaks")
      const answer = lastAnswer(page)
      await answer.getByText("The provider broke off.").waitFor()
      expect(await answer.textContent()).toContain("fastify knows")
      expect(await answer.textContent()).toContain("Ask again later.")
      const before = pages.server.asked.length
      await answer.getByRole("button", { name: "Ask again" }).click()
      await expect.poll(() => pages.server.asked.length).toBe(before + 1)
      expect(await page.locator(".turn").count()).toBe(1)
      await page.close()
    })

    test("an answer that was kept after its model failed says so", async () => {
      const { page } = await pages.open()
      await ask(page, "model failed")
      const answer = lastAnswer(page)
      await answer.getByText("The model took too long.").waitFor()
      expect(await answer.textContent()).toContain("fastify knows")
      expect(await answer.getByRole("button", { name: "Ask again" }).isVisible()).toBe(true)
      await page.close()
    })

    test("a server that is gone is said plainly", async () => {
      const other = await startSmall(scriptOf, { examples: ["proxy"] }, startDashboard)
      const { page } = await openPage(pages.browser, other.url, 1280)
      await page.waitForSelector("#examples button")
      await other[Symbol.asyncDispose]()
      await ask(page, "proxy")
      await lastAnswer(page).getByText("The server does not answer.").waitFor()
      expect(await lastAnswer(page).textContent()).toContain("roadmap dashboard")
      await page.close()
    })

    test("follow-ups send the turns before them, the filter its source, a new conversation neither", async () => {
      const { page } = await pages.open()
      await ask(page, "first")
      await lastAnswer(page).locator(".why").waitFor()
      await page.getByLabel("Search in").selectOption({ label: "guide (3)" })
      await ask(page, "second")
      await page.locator(".turn:nth-child(2) .why").waitFor()
      const text = proxyScript.pieces?.join("")
      expect(pages.server.asked.at(-1)).toMatchObject({
        question: "second",
        history: [{ question: "first", answer: text }],
        filter: { source: "guide" },
      })
      await page.getByRole("button", { name: "New conversation" }).click()
      expect(await page.locator("#welcome").isVisible()).toBe(true)
      await page.getByLabel("Search in").selectOption("")
      await ask(page, "third")
      await lastAnswer(page).locator(".why").waitFor()
      expect(pages.server.asked.at(-1)).toMatchObject({ question: "third", history: [] })
      expect(pages.server.asked.at(-1)?.filter).toBeUndefined()
      await page.close()
    })

    test("files are added by the chooser and by dropping, with refusals shown, found at once, and deleted", async () => {
      const { page } = await pages.open()
      await page.getByRole("button", { name: "Your documents" }).click()
      const dialog = page.getByRole("dialog", { name: "Your documents" })
      await dialog.getByText("There is none yet.").waitFor()
      const okapi = {
        name: "okapi.md",
        mimeType: "text/markdown",
        buffer: Buffer.from("# Okapi\n\nEats leaves.\n"),
      }
      const program = {
        name: "run.exe",
        mimeType: "application/x-msdownload",
        buffer: Buffer.from("MZ\x90\0"),
      }
      await page.locator("#files").setInputFiles([okapi, program])
      await dialog.getByText("okapi.md is in the index.").waitFor()
      await dialog.getByText(/run\.exe was refused: .*\(INVALID_INPUT\)/).waitFor()
      expect(await page.getByLabel("Search in").textContent()).toContain("uploads (1)")
      await dialog.getByRole("button", { name: "Delete Okapi" }).click()
      await dialog.getByText("There is none yet.").waitFor()
      await page.keyboard.press("Escape")
      const transfer = await page.evaluateHandle(() => {
        const data = new DataTransfer()
        data.items.add(new File(["# Tapir\n\nSwims.\n"], "tapir.md", { type: "text/markdown" }))
        return data
      })
      await page.dispatchEvent("body", "drop", { dataTransfer: transfer })
      await dialog.getByText("tapir.md is in the index.").waitFor()
      await dialog.getByRole("button", { name: "Delete Tapir" }).click()
      await dialog.getByText("There is none yet.").waitFor()
      await page.close()
    })

    test("a server with a token asks for it, refuses a wrong one, and lets the right one in", async () => {
      const token = "a-token-of-some-length"
      await using guarded = await startSmall(scriptOf, { token, examples: ["proxy"] }, startDashboard)
      const { page } = await openPage(pages.browser, guarded.url, 1280)
      const dialog = page.getByRole("dialog", { name: "This server asks for a token" })
      await dialog.getByLabel("Token").fill("a-wrong-token-of-length")
      await page.keyboard.press("Enter")
      await dialog.getByText("The server does not take this token.").waitFor()
      await dialog.getByLabel("Token").fill(token)
      await page.keyboard.press("Enter")
      await page.locator("#examples button").click()
      await lastAnswer(page).locator(".why").waitFor()
      await page.close()
    })
  },
)
