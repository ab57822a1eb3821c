import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { Browser } from "playwright-core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { renderPage } from "../src/page.ts"
import { barChart } from "../src/plots/bar-chart.ts"
import { standaloneSvg } from "../src/plots/plot.ts"
import {
  browserPath,
  launchBrowser,
  type OpenedPage,
  openPage,
  type Scheme,
  whyNoBrowser,
} from "../testing/browser.ts"
import {
  contrastOfText,
  namesOfPlots,
  overlappingText,
  pageWidth,
  scrollBoxes,
  smallestText,
} from "../testing/look.ts"
import { samplePage } from "./sample-page.ts"

/** Pages are opened as a reader opens them: a file, with no server. */
describe.skipIf(browserPath === undefined)(`in a browser${whyNoBrowser}`, { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), "report-"))
  const file = (name: string, content: string): string => {
    writeFileSync(join(folder, name), content)
    return pathToFileURL(join(folder, name)).href
  }
  const address = file("sample.html", renderPage(samplePage()))
  const views = new Map<string, Promise<OpenedPage>>()
  let browser: Browser

  const open = (url: string, width: number, scheme: Scheme = "light"): Promise<OpenedPage> =>
    openPage(browser, url, width, scheme)

  /** The sample page at this width; opened once, for tests that only look. */
  const sample = (width: number, scheme: Scheme = "light"): Promise<OpenedPage> => {
    const key = `${width} ${scheme}`
    const opened = views.get(key) ?? open(address, width, scheme)
    views.set(key, opened)
    return opened
  }

  beforeAll(async () => {
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    rmSync(folder, { recursive: true, force: true })
  })

  test.each(["light", "dark"] as const)("nothing is logged and nothing is fetched (%s)", async scheme => {
    const { complaints, requests } = await sample(400, scheme)
    expect(complaints).toEqual([])
    expect(requests).toEqual([address])
  })

  test.each([320, 400, 752, 1080, 1280])("at %i pixels the page does not scroll sideways", async width => {
    const { page } = await sample(width)
    expect(await page.evaluate(pageWidth)).toBeLessThanOrEqual(width)
  })

  test("a wide table scrolls inside its own box, which the keyboard reaches", async () => {
    const { page } = await sample(400)
    const boxes = await page.evaluate(scrollBoxes)
    expect(boxes.length).toBeGreaterThan(0)
    for (const box of boxes) expect(box).toEqual({ tabIndex: 0, overflow: "auto" })
  })

  test.each([400, 1280])("every plot has a name and a description at %i pixels", async width => {
    const { page } = await sample(width)
    expect(await page.getByRole("img").count()).toBe(12)
    expect(await page.locator("svg.plot:visible").count()).toBe(12)
    for (const { title, description } of await page.evaluate(namesOfPlots)) {
      expect(title).not.toBe("")
      expect(description.length).toBeGreaterThan(20)
      expect(await page.getByRole("img", { name: title }).count()).toBeGreaterThan(0)
    }
  })

  test.each([
    [1280, "light"],
    [1280, "dark"],
    [400, "light"],
    [400, "dark"],
  ] as const)(
    "at %i pixels every text stands out from its ground at 4.5 or more (%s)",
    async (width, scheme) => {
      const { page } = await sample(width, scheme)
      const { texts, weakest } = await page.evaluate(contrastOfText)
      expect(texts).toBeGreaterThan(300)
      expect(weakest).toEqual([])
    },
  )

  test.each([320, 400, 752, 1280])("at %i pixels no text of a plot is under 11 px", async width => {
    const { page } = await sample(width)
    expect(await page.evaluate(smallestText)).toBeGreaterThanOrEqual(10.99)
  })

  test.each([400, 1280])("at %i pixels no two texts of a plot touch, and none is cut", async width => {
    const { page } = await sample(width)
    expect(await page.evaluate(overlappingText)).toEqual([])
  })

  test("the skip link leads to the content, the contents to the sections", async () => {
    const { page } = await open(address, 1280)
    await page.keyboard.press("Tab")
    expect(await page.locator(":focus").textContent()).toBe("Skip to the content")
    await page.keyboard.press("Enter")
    expect(new URL(page.url()).hash).toBe("#content")
    await page.locator("nav:visible a", { hasText: "Models" }).click()
    expect(new URL(page.url()).hash).toBe("#models")
  })

  test("on a narrow screen the contents are folded, and still there", async () => {
    const { page } = await open(address, 400)
    const link = page.locator("nav a", { hasText: "Models" }).first()
    expect(await link.isVisible()).toBe(false)
    await page.locator("summary", { hasText: "Contents" }).click()
    expect(await link.isVisible()).toBe(true)
  })

  test.each([
    ["light", "rgb(253, 253, 252)"],
    ["dark", "rgb(20, 24, 28)"],
  ] as const)(
    "a stand-alone plot is an SVG file that an XML reader takes, in its own colours (%s)",
    async (scheme, paper) => {
      const title = `A "quoted" & <odd> title`
      const plot = barChart({ title, valueLabel: "rows", bars: [{ label: "a", value: 3 }] })
      const { page, complaints } = await open(file("plot.svg", standaloneSvg(plot)), 800, scheme)
      expect(await page.locator("svg > title").textContent()).toBe(title)
      expect(await page.locator(".paper").evaluate(shape => getComputedStyle(shape).fill)).toBe(paper)
      expect(complaints).toEqual([])
    },
  )
})
