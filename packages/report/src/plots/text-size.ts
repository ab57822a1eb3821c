/**
 * Width of text without a browser. The reader's face is unknown, so these are the widths, in hundredths of
 * the size, of DejaVu Sans, one of the widest in common use: better a little air than an overlap.
 */
const lettersByWidth: Record<number, string> = {
  28: "ijl'",
  30: "I",
  32: " ,.",
  36: "/:;\\|f-",
  40: "()[]t!r",
  47: '"',
  50: "*J`",
  53: "sz",
  56: "c?L_",
  60: "kvxy",
  62: "FTaoe",
  64: "bdghnpqu0123456789}{$",
  68: "EKPSYAV",
  72: "BXZCRU",
  78: "HNDG&",
  80: "OQ",
  85: "w#+<=>^~M",
  99: "m%W",
  102: "@",
}

const widths = new Map(
  Object.entries(lettersByWidth).flatMap(([width, letters]) =>
    [...letters].map(letter => [letter, Number(width)] as const),
  ),
)

/** Pixels that `text` takes at a font size (default 12) at the most; usually 10 % less. */
export const textPixels = (text: string, size = 12): number => {
  let hundredths = 0
  for (const letter of text) hundredths += widths.get(letter) ?? (letter.codePointAt(0)! >= 0x1100 ? 100 : 65)
  return (hundredths * size) / 100
}

/** The text, cut with "…" to at most `pixels`. */
export const fitText = (text: string, pixels: number, size = 12): string => {
  if (textPixels(text, size) <= pixels) return text
  const letters = [...text]
  while (letters.length > 1 && textPixels(letters.join(""), size) + size > pixels) letters.pop()
  return `${letters.join("").trimEnd()}…`
}
