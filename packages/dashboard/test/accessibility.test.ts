import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { browserPath, type Scheme, whyNoBrowser } from "@roadmap/report/testing/browser"
import { contrastOfText } from "@roadmap/report/testing/look"
import type { AxeResults } from "axe-core"
import type { Page } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { ask, type ChatPages, lastAnswer, openChatPages } from "../testing/chat-page.ts"

describe.skipIf(browserPath === undefined)(
  `the chat page for everybody${whyNoBrowser}`,
  { timeout: 60_000 },
  () => {
    let pages: ChatPages
    beforeAll(async () => {
      pages = await openChatPages()
    })
    afterAll(() => pages?.[Symbol.asyncDispose]())

    test("Enter sends, Shift+Enter begins a line, an empty question is not sent", async () => {
      const { page } = await pages.open()
      const field = page.getByLabel("Question", { exact: true })
      expect(await field.evaluate(element => element === document.activeElement)).toBe(true)
      const before = pages.server.asked.length
      await page.keyboard.press("Enter")
      await page.keyboard.type("line one")
      await page.keyboard.press("Shift+Enter")
      await page.keyboard.type("line two")
      expect(await field.inputValue()).toBe("line one\nline two")
      await page.keyboard.press("Enter")
      await lastAnswer(page).locator(".why").waitFor()
      expect(pages.server.asked.slice(before).map(({ question }) => question)).toEqual(["line one line two"])
      await page.close()
    })

    test("a screen reader hears whole sentences, few times, without markers and markup", async () => {
      const { page } = await pages.open()
      await page.evaluate(() => {
        const heard: string[] = []
        Object.assign(window, { heard })
        new MutationObserver(records => {
          for (const { addedNodes } of records)
            for (const node of addedNodes) heard.push(node.textContent ?? "")
        }).observe(document.getElementById("said") as HTMLElement, { childList: true })
      })
      await ask(page, "proxy")
      await lastAnswer(page).locator(".why").waitFor()
      const heard = () => page.evaluate(() => (window as unknown as { heard: string[] }).heard)
      expect(await heard()).toEqual([
        "Looking for passages",
        "By enabling the trustProxy option, fastify knows that it sits behind a proxy.",
      ])
      expect(await page.locator("#said").getAttribute("aria-live")).toBe("polite")
      await page.close()
    })

    /** Shows one of every part: an answer with scores open, a decline, a failure. */
    const everyPart = async (page: Page): Promise<void> => {
      for (const [i, question] of ["proxy", "Peru?", "breaks", "hostile"].entries()) {
        await ask(page, question)
        await page
          .locator(`.turn:nth-child(${i + 1}) .after > *`)
          .last()
          .waitFor()
      }
      await page.getByText("Why this answer").first().click()
      await page.locator(".citation").first().focus()
    }
    const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8")
    const violations = async (page: Page): Promise<string[]> => {
      await page.evaluate(axe)
      const { violations: found } = await page.evaluate(
        (): Promise<AxeResults> => (window as unknown as { axe: { run(): Promise<AxeResults> } }).axe.run(),
      )
      return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join("; ")}`)
    }

    test.each<[number, Scheme]>([
      [1280, "light"],
      [320, "dark"],
    ])(
      "at %i pixels, %s: nothing is wider than the window, axe finds nothing, all text has contrast",
      async (width, scheme) => {
        const { page } = await pages.open(width, scheme)
        const wide = () => page.evaluate(() => document.documentElement.scrollWidth)
        expect(await violations(page)).toEqual([])
        await everyPart(page)
        expect(await wide()).toBeLessThanOrEqual(width)
        expect(await violations(page)).toEqual([])
        expect((await page.evaluate(contrastOfText)).weakest).toEqual([])
        await page.keyboard.press("Escape")
        await page.locator("#documents-open").click()
        await page.locator("#uploaded li").first().waitFor()
        expect(await violations(page)).toEqual([])
        expect(await wide()).toBeLessThanOrEqual(width)
        await page.close()
      },
    )

    test("the keyboard reaches everything in the order of reading", async () => {
      const { page } = await pages.open()
      await ask(page, "proxy")
      await lastAnswer(page).locator(".why").waitFor()
      await page.evaluate(() => (document.activeElement as HTMLElement).blur())
      await page.mouse.click(2, 400)
      const reached: string[] = []
      for (let i = 0; i < 11; i++) {
        await page.keyboard.press("Tab")
        reached.push(
          await page.evaluate(() => {
            const { id, tagName, className, textContent } = document.activeElement as HTMLElement
            return id || className || `${tagName.toLowerCase()} ${textContent}`
          }),
        )
      }
      expect(reached.slice(0, 10)).toEqual([
        "skip",
        "a Chat",
        "new",
        "citation",
        "source named",
        "summary Why this answer",
        "question",
        "source",
        "documents-open",
        "send",
      ])
      await page.close()
    })

    test("who wants less motion gets none", async () => {
      const page = await pages.browser.newPage({ reducedMotion: "reduce" })
      await page.goto(pages.server.url)
      await ask(page, "slow motion")
      await page.locator(".state").waitFor()
      const moving = () => page.evaluate(() => document.getAnimations().length)
      expect(await moving()).toBe(0)
      expect(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior)).toBe(
        "auto",
      )
      await page.close()
    })
  },
)
