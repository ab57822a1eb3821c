import { plainText } from "./markdown.js"

/** Milliseconds between two announcements: a screen reader reads sentences, not tokens. */
const pauseMs = 1_200

/**
 * Tells a screen reader what the page shows as it grows: whole sentences, some at a time.
 *
 * @param {HTMLElement} log A live region that nobody sees.
 */
export const createAnnouncer = log => {
  let waiting = ""
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer

  const say = (/** @type {string} */ text) => {
    const plain = plainText(text).replace(/\s*\[\d+\]/g, "")
    if (plain === "") return
    const line = document.createElement("p")
    line.textContent = plain
    log.append(line)
  }
  const sayWhole = () => {
    timer = undefined
    const end = Math.max(
      waiting.lastIndexOf("\n"),
      waiting.search(/[.!?](?:\s*\[\d+\])*\s(?!.*[.!?](?:\s*\[\d+\])*\s)/s) + 1,
    )
    say(waiting.slice(0, end))
    waiting = waiting.slice(end)
  }

  return {
    /** @param {string} what */
    begin(what) {
      clearTimeout(timer)
      timer = undefined
      waiting = ""
      log.replaceChildren()
      say(what)
    },
    /** @param {string} text */
    add(text) {
      waiting += text
      timer ??= setTimeout(sayWhole, pauseMs)
    },
    /** @param {string} [last] */
    end(last = "") {
      clearTimeout(timer)
      timer = undefined
      say(waiting)
      say(last)
      waiting = ""
    },
  }
}
