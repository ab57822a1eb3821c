import { createAnnouncer } from "./announcer.js"
import { ask, Failure } from "./api.js"
import { byId } from "./dom.js"
import { createPassage } from "./passage.js"
import { createTurn } from "./turn.js"

/** Earlier turns that go along with a question. */
const rememberedTurns = 10

/**
 * The questions and answers of this page, one answer at a time.
 *
 * @param {{ onBusy: (busy: boolean) => void, onTurns: (turns: number) => void }} events
 */
export const createConversation = ({ onBusy, onTurns }) => {
  const place = byId("conversation", HTMLElement)
  const announcer = createAnnouncer(byId("said", HTMLElement))
  const passage = createPassage()
  /** @type {{ question: string, answer: string }[]} */
  let history = []
  /** @type {AbortController | undefined} */
  let working

  /**
   * @param {string} question
   * @param {{ source: string } | undefined} filter
   */
  const start = async (question, filter) => {
    const controller = new AbortController()
    working = controller
    onBusy(true)
    const turn = createTurn(question, filter, {
      passage,
      retry() {
        if (working) return
        turn.element.remove()
        start(question, filter)
      },
    })
    place.append(turn.element)
    onTurns(place.childElementCount)
    turn.element.scrollIntoView({ block: "start" })
    announcer.begin("Looking for passages")
    try {
      for await (const event of ask({ question, history, ...(filter && { filter }) }, controller.signal)) {
        if (event.type === "passages") turn.showPassages(event.passages.length)
        else if (event.type === "text") {
          turn.addText(event.text)
          announcer.add(event.text)
        } else if (event.type === "citation") turn.addCitation(event.citation)
        else {
          turn.finish(event.answer)
          if (event.answer.status === "answered") announcer.end()
          else announcer.end("The documents do not answer this.")
          history = [...history, { question, answer: event.answer.text }].slice(-rememberedTurns)
        }
      }
    } catch (error) {
      if (controller.signal.aborted) {
        turn.stopped()
        announcer.end("Stopped.")
      } else {
        const failure = error instanceof Failure ? error : new Failure("INTERNAL", String(error))
        turn.fail(failure)
        announcer.end(`The answer failed. ${failure.message}`)
      }
    } finally {
      if (working === controller) {
        working = undefined
        onBusy(false)
      }
    }
  }

  const stop = () => working?.abort()

  return {
    /**
     * @param {string} question
     * @param {{ source: string }} [filter]
     */
    ask(question, filter) {
      start(question, filter)
    },
    busy: () => working !== undefined,
    stop,
    clear() {
      stop()
      passage.hide()
      history = []
      place.replaceChildren()
      announcer.begin("New conversation")
      onTurns(0)
    },
    /** True when there was one to close. */
    closePassage: () => passage.hide(),
  }
}
