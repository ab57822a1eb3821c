/**
 * What the platform itself says within an answer: a paragraph in brackets, which claims nothing about the documents and
 * needs no citation.
 */
export const notice = {
  failed: (chatModel: string): string =>
    `(The chat model ${chatModel} failed, so these are the documents' own sentences.)`,
  cut: (why: string): string => `(The answer was cut: ${why}.)`,
}

/** The answer without them, for whoever judges its claims. */
export const withoutNotices = (text: string): string =>
  text
    .split("\n\n")
    .filter(paragraph => !/^\(The (?:chat model .* failed, so|answer was cut: ).*\)$/.test(paragraph))
    .join("\n\n")
