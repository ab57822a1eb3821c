import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { browserPath, launchBrowser, openPage, whyNoBrowser } from "./browser.ts"
import { contrastOfText, overlappingText, pageWidth } from "./look.ts"

/** A written page in a real browser, narrow and wide: it fits, nothing overlaps, all text has contrast, nothing is fetched. */
export const describePage = (name: string, file: string): void => {
  describe.skipIf(browserPath === undefined)(
    `${name} in a browser${whyNoBrowser}`,
    { timeout: 60_000 },
    () => {
      let browser: Awaited<ReturnType<typeof launchBrowser>>
      beforeAll(async () => {
        browser = await launchBrowser()
      })
      afterAll(() => browser?.close())

      test.each([400, 1280])("at %i pixels it is readable and needs no network", async width => {
        const address = pathToFileURL(file).href
        const { page, complaints, requests } = await openPage(browser, address, width)
        expect(complaints).toEqual([])
        expect(requests).toEqual([address])
        expect(await page.evaluate(pageWidth)).toBeLessThanOrEqual(width)
        expect(await page.evaluate(overlappingText)).toEqual([])
        expect((await page.evaluate(contrastOfText)).weakest).toEqual([])
      })
    },
  )
}
