import { describeAssistant, Failure, useToken } from "./api.js"
import { createConversation } from "./conversation.js"
import { createDocuments } from "./documents.js"
import { byId, element, fill } from "./dom.js"

/** @import { Description } from "./api.js" */

const question = byId("question", HTMLTextAreaElement)
const source = byId("source", HTMLSelectElement)
const send = byId("send", HTMLButtonElement)
const stop = byId("stop", HTMLButtonElement)
const restart = byId("new", HTMLButtonElement)
const welcome = byId("welcome", HTMLElement)

const conversation = createConversation({
  onBusy(busy) {
    send.hidden = busy
    stop.hidden = !busy
  },
  onTurns(turns) {
    welcome.hidden = turns > 0
    restart.hidden = turns === 0
  },
})

const documents = createDocuments({ onChange: () => refresh() })

/** Shows what the server says of itself; asks for the token when it wants one. */
const refresh = async () => {
  try {
    showDescription(await describeAssistant())
  } catch (error) {
    const failure = error instanceof Failure ? error : new Failure("INTERNAL", String(error))
    if (failure.code === "AUTH_FAILED") askForToken()
    else showNotes([`${failure.message} ${failure.hint ?? ""}`.trim()])
  }
}

/** @param {Description} described */
const showDescription = described => {
  const names = Object.keys(described.sources).sort()
  const count = described.documents.toLocaleString("en")
  byId("what", HTMLElement).textContent =
    described.documents === 0
      ? "There is no document yet. Every answer quotes its sources, or says that they do not answer."
      : `${count} documents of ${listed(names)}. Every answer quotes its sources, or says that they do not answer.`
  const chosen = source.value
  fill(
    source,
    element("option", { value: "" }, "All sources"),
    ...names.map(name =>
      element("option", { value: name }, `${name} (${described.sources[name].documents})`),
    ),
  )
  source.value = names.includes(chosen) ? chosen : ""
  showNotes(described.notes)
  showExamples(described.examples)
  question.maxLength = described.limits.questionCharacters
  documents.describe(described.limits.uploads)
}

/** @param {string[]} notes */
const showNotes = notes => {
  const list = byId("notes", HTMLElement)
  list.hidden = notes.length === 0
  fill(list, ...notes.map(note => element("li", {}, note)))
}

/** @param {string[]} examples */
const showExamples = examples => {
  byId("examples-part", HTMLElement).hidden = examples.length === 0
  fill(
    byId("examples", HTMLElement),
    ...examples.map(example =>
      element("li", {}, element("button", { type: "button", click: () => ask(example) }, example)),
    ),
  )
}

/** @param {string[]} names */
const listed = names =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`

const askForToken = () => {
  const dialog = byId("token-dialog", HTMLDialogElement)
  const token = byId("token", HTMLInputElement)
  byId("token-trouble", HTMLElement).textContent =
    token.value === "" ? "" : "The server does not take this token."
  if (!dialog.open) dialog.showModal()
}

/** @param {string} text */
const ask = text => {
  if (conversation.busy() || text.trim() === "") return
  conversation.ask(text.trim(), source.value === "" ? undefined : { source: source.value })
  question.value = ""
  question.focus()
}

byId("ask", HTMLFormElement).addEventListener("submit", event => {
  event.preventDefault()
  ask(question.value)
})
question.addEventListener("keydown", event => {
  // While a word is being composed (Japanese, dead keys) Enter ends the word.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return
  event.preventDefault()
  ask(question.value)
})
stop.addEventListener("click", () => {
  conversation.stop()
  question.focus()
})
restart.addEventListener("click", () => {
  conversation.clear()
  question.focus()
})
document.addEventListener("keydown", event => {
  if (event.key !== "Escape" || document.querySelector("dialog[open]")) return
  if (conversation.closePassage()) return
  conversation.stop()
})
byId("token-form", HTMLFormElement).addEventListener("submit", () => {
  useToken(byId("token", HTMLInputElement).value)
  refresh()
})
for (const button of document.querySelectorAll("[data-close]"))
  button.addEventListener("click", () => button.closest("dialog")?.close())

// Where there is a keyboard; on a phone the focus would open one.
if (matchMedia("(pointer: fine)").matches) question.focus()
refresh()
