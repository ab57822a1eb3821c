/**
 * The text of a chunk as it is indexed and embedded: without HTML comments, anchors and the targets of links, which say
 * nothing to a reader and would count as words. Citations keep the text as it stands.
 */
export const withoutMarkup = (text: string): string =>
  /[<\]]/.test(text) ? text.replace(comments, " ").replace(anchors, " ").replace(targets, "$1 ") : text

const comments = /<!--[\s\S]*?-->/g
const anchors = /<a\s+(?:id|name)=["'][^"'<>]*["']\s*>\s*(?:<\/a>)?/gi
/** `[text](target)` and `[text]: target`. */
const targets = /(\])(?:\([^()\s]*(?:\s+"[^"]*")?\)|:[ \t]+\S+$)/gm
