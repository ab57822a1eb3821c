/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
/** What is measured inside the browser. Each function runs in the page, so it stands alone. */

/** Texts whose contrast with what is painted behind them is under 4.5 (WCAG 2.2, success criterion 1.4.3). */
export const contrastOfText = (): { texts: number; weakest: string[] } => {
  const channels = (colour: string) => (colour.match(/[\d.]+/g) ?? []).map(Number)
  const luminance = (colour: string) => {
    const [r, g, b] = channels(colour).map(value => {
      const share = value / 255
      return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
    })
    return 0.2126 * r + 0.7152 * g + 0.0722 * b
  }
  const isOpaque = (colour: string) => /^rgb\(/.test(colour)
  const ground = (element: Element): string => {
    for (let at: Element | null = element; at; at = at.parentElement) {
      const { backgroundColor } = getComputedStyle(at)
      if (isOpaque(backgroundColor)) return backgroundColor
    }
    return "rgb(255, 255, 255)"
  }
  /** Numbers in a heat map lie on a cell, not on the page. */
  const cellUnder = (text: SVGElement): SVGGeometryElement | undefined => {
    const middle = new DOMPoint(Number(text.getAttribute("x")), Number(text.getAttribute("y")) - 4)
    const cells =
      text.closest("svg")?.querySelectorAll<SVGGeometryElement>('[class^="h"], [class^="d"]') ?? []
    return [...cells].find(cell => cell instanceof SVGGeometryElement && cell.isPointInFill(middle))
  }
  let texts = 0
  const weakest: string[] = []
  for (const element of document.querySelectorAll("body *")) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent?.trim())
    if (!own || element.getClientRects().length === 0 || /^(title|desc|style)$/i.test(element.tagName))
      continue
    texts++
    const drawn = element instanceof SVGElement
    const style = getComputedStyle(element)
    const cell = drawn ? cellUnder(element) : undefined
    const colour = drawn ? style.fill : style.color
    const behind = cell ? getComputedStyle(cell).fill : ground(element)
    const [light, dark] = [luminance(colour), luminance(behind)].sort((a, b) => b - a)
    const ratio = (light + 0.05) / (dark + 0.05)
    if (!(ratio >= 4.5)) weakest.push(`${ratio.toFixed(2)} ${colour} on ${behind}: ${element.textContent}`)
  }
  return { texts, weakest }
}

/** Size in CSS pixels, after scaling, of the smallest text in any visible plot. */
export const smallestText = (): number => {
  let smallest = Number.POSITIVE_INFINITY
  for (const text of document.querySelectorAll<SVGTextElement>("svg.plot text")) {
    if (text.getClientRects().length === 0) continue
    const scale = text.getScreenCTM()?.a ?? 0
    smallest = Math.min(smallest, Number.parseFloat(getComputedStyle(text).fontSize) * scale)
  }
  return smallest
}

/** Pairs of texts in one plot that touch, and texts that leave their plot. */
export const overlappingText = (): string[] => {
  const found: string[] = []
  for (const svg of document.querySelectorAll("svg.plot")) {
    if (svg.getClientRects().length === 0) continue
    const edge = svg.getBoundingClientRect()
    const texts = [...svg.querySelectorAll("text")].map(text => {
      const { left, right, top, bottom } = text.getBoundingClientRect()
      const slack = (bottom - top) * 0.18 // a line's box is taller than its letters
      return { words: text.textContent ?? "", left, right, top: top + slack, bottom: bottom - slack }
    })
    texts.forEach((a, i) => {
      if (
        a.left < edge.left - 1 ||
        a.right > edge.right + 1 ||
        a.top < edge.top - 1 ||
        a.bottom > edge.bottom + 1
      )
        found.push(`"${a.words}" leaves its plot`)
      for (const b of texts.slice(0, i))
        if (a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom)
          found.push(`"${b.words}" touches "${a.words}"`)
    })
  }
  return found
}

/** Width that the page needs, with everything that can be unfolded unfolded. */
export const pageWidth = (): number => {
  const folds = [...document.querySelectorAll("details")].filter(details => !details.open)
  for (const details of folds) details.open = true
  const width = Math.max(document.documentElement.scrollWidth, document.body.scrollWidth)
  for (const details of folds) details.open = false
  return width
}

/** The visible boxes whose content is wider than they are. */
export const scrollBoxes = (): { tabIndex: number; overflow: string }[] =>
  [...document.querySelectorAll<HTMLElement>(".scroll")]
    .filter(box => box.getClientRects().length > 0 && box.scrollWidth > box.clientWidth)
    .map(box => ({ tabIndex: box.tabIndex, overflow: getComputedStyle(box).overflowX }))

/** What aria-labelledby of each visible plot points to. */
export const namesOfPlots = (): { title: string; description: string }[] =>
  [...document.querySelectorAll("svg.plot")]
    .filter(svg => svg.getClientRects().length > 0)
    .map(svg => {
      const [title, description] = (svg.getAttribute("aria-labelledby") ?? "")
        .split(" ")
        .map(id => document.getElementById(id)?.textContent ?? "")
      return { title, description }
    })
