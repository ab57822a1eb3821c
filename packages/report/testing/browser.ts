import { existsSync } from "node:fs"
import { type Browser, chromium, type Page } from "playwright-core"

const places = [
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/usr/bin/google-chrome-stable",
  "/usr/bin/microsoft-edge",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
]

/** An installed Chromium or Chrome; undefined when there is none. */
export const browserPath = places.find(path => existsSync(path))

/** Goes into the title of tests that need a browser, so that a skipped one says why. */
export const whyNoBrowser =
  browserPath === undefined ? " (skipped: neither Chromium nor Chrome is installed)" : ""

const quiet = [
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
]

export const launchBrowser = (): Promise<Browser> =>
  chromium.launch({ executablePath: browserPath, args: quiet })

export type Scheme = "light" | "dark"

/** A page, with what it said on the console and what it asked the network for. */
export interface OpenedPage {
  page: Page
  complaints: string[]
  requests: string[]
}

/** Opens an address as a reader does, at this width in CSS pixels. */
export const openPage = async (
  browser: Browser,
  url: string,
  width: number,
  scheme: Scheme = "light",
): Promise<OpenedPage> => {
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme: scheme })
  const complaints: string[] = []
  const requests: string[] = []
  page.on("console", message => complaints.push(message.text()))
  page.on("pageerror", error => complaints.push(error.message))
  page.on("request", request => requests.push(request.url()))
  await page.goto(url)
  return { page, complaints, requests }
}
