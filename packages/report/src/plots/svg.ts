export type Attributes = Record<string, string | number | undefined>

const entities: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
}

/**
 * Text made safe for element content and quoted attributes of HTML and XML. Characters that XML forbids are
 * dropped: one of them would make a stand-alone SVG unreadable.
 */
export const escapeText = (text: string): string =>
  text
    // biome-ignore lint/suspicious/noControlCharactersInRegex: removing them is the purpose
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/gu, "")
    .replace(/[&<>"']/g, character => entities[character])

/** A coordinate with at most one decimal: a tenth of a pixel is below what a screen shows. */
export const coordinate = (value: number): string => {
  const text = value.toFixed(1)
  return text.endsWith(".0") ? (text === "-0.0" ? "0" : text.slice(0, -2)) : text
}

/** One element as text. Undefined attributes are left out; numbers are written as coordinates. */
export const element = (name: string, attributes: Attributes, content = ""): string => {
  let text = `<${name}`
  for (const [key, value] of Object.entries(attributes))
    if (value !== undefined)
      text += ` ${key}="${typeof value === "number" ? coordinate(value) : escapeText(value)}"`
  return content === "" ? `${text}/>` : `${text}>${content}</${name}>`
}

export interface TextOptions {
  /** Which point of the text `x` is. Default start. */
  anchor?: "start" | "middle" | "end"
  /** Classes of the plot style: "ink" (main colour), "strong", "halo" (readable over marks). */
  class?: string
}

/** Text whose vertical middle is `y`: an offset of 0.35 em instead of dominant-baseline, which viewers differ in. */
export const textAt = (text: string, x: number, y: number, options: TextOptions = {}): string =>
  element(
    "text",
    {
      x,
      y: y + 4.2,
      "text-anchor": options.anchor === "start" ? undefined : options.anchor,
      class: options.class,
    },
    escapeText(text),
  )

export const lineBetween = (x1: number, y1: number, x2: number, y2: number, style: string): string =>
  element("line", { x1, y1, x2, y2, class: style })

/** `<title>` of a mark: what a pointer that rests on it is told. */
export const markTitle = (text: string): string => `<title>${escapeText(text)}</title>`
