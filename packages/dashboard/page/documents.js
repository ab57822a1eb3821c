import { deleteDocument, Failure, listDocuments, uploadFile } from "./api.js"
import { byId, element, fill, icon } from "./dom.js"
import { openDocument } from "./passage.js"

/** @import { Description, DocumentEntry } from "./api.js" */

/**
 * The dialog of the user's own documents: adding by choice and by dropping, progress, refusals, deleting.
 *
 * @param {{ onChange: () => void }} events
 */
export const createDocuments = ({ onChange }) => {
  const dialog = byId("documents", HTMLDialogElement)
  const opener = byId("documents-open", HTMLButtonElement)
  const files = byId("files", HTMLInputElement)
  const transfers = byId("transfers", HTMLElement)
  const uploaded = byId("uploaded", HTMLElement)
  /** @type {Description["limits"]["uploads"]} */
  let limits

  const show = async () => {
    try {
      const documents = await listDocuments("uploads")
      fill(
        uploaded,
        ...documents.map(each => entryOf(each)),
        documents.length === 0 && element("li", { class: "quiet-text" }, "There is none yet."),
      )
    } catch (error) {
      fill(uploaded, element("li", { class: "trouble" }, messageOf(error)))
    }
  }
  /** @param {DocumentEntry} entry */
  const entryOf = entry =>
    element(
      "li",
      {},
      element(
        "button",
        {
          type: "button",
          class: "source",
          click: () => openDocument({ ...entry, documentId: entry.id, headings: [], start: 0, end: 0 }),
        },
        entry.title,
      ),
      element("span", { class: "place" }, `${entry.format}, ${entry.length.toLocaleString("en")} characters`),
      element(
        "button",
        {
          type: "button",
          class: "quiet only-icon",
          "aria-label": `Delete ${entry.title}`,
          click: () => drop(entry),
        },
        icon("delete"),
      ),
    )
  /** @param {DocumentEntry} entry */
  const drop = async entry => {
    try {
      await deleteDocument(entry.id)
      tell(`${entry.title} is deleted.`)
    } catch (error) {
      tell(messageOf(error), "trouble")
    }
    await show()
    onChange()
  }
  /**
   * @param {string} text
   * @param {string} [kind]
   */
  const tell = (text, kind = "good") => {
    const line = element("li", { class: kind }, text)
    transfers.append(line)
    return line
  }

  /** @param {File} file */
  const send = async file => {
    const bar = element("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` })
    const state = element("span", { class: "place" }, "sending")
    const line = element("li", {}, element("span", {}, file.name), state, bar)
    transfers.append(line)
    try {
      if (limits && file.size > limits.bodyBytes)
        throw new Failure("LIMIT_EXCEEDED", `It is larger than ${Math.floor(limits.bodyBytes / 2 ** 20)} MB.`)
      const { documents, skipped } = await uploadFile(file, share => {
        bar.value = share
        if (share < 1) return
        bar.removeAttribute("value")
        state.textContent = "reading and indexing"
      })
      const left = skipped.map(({ name, reason }) => `${name}: ${reason}`)
      line.className = "good"
      const count = documents.length === 1 ? "" : ` (${documents.length} documents)`
      fill(line, `${file.name} is in the index${count}.`, left.length > 0 && ` Left out: ${left.join("; ")}`)
    } catch (error) {
      line.className = "trouble"
      const code = error instanceof Failure ? ` (${error.code})` : ""
      fill(line, `${file.name} was refused: ${messageOf(error)}${code}`)
    }
  }
  /** @param {Iterable<File>} chosen */
  const sendAll = async chosen => {
    fill(transfers)
    for (const file of chosen) await send(file)
    files.value = ""
    await show()
    onChange()
  }

  const open = () => {
    if (dialog.open) return
    fill(transfers)
    dialog.showModal()
    show()
  }
  opener.addEventListener("click", open)
  files.addEventListener("change", () => sendAll([...(files.files ?? [])]))

  // Files may be dropped anywhere on the page.
  document.addEventListener("dragover", event => {
    if (!limits || !event.dataTransfer?.types.includes("Files")) return
    event.preventDefault()
    document.body.classList.add("dragging")
  })
  document.addEventListener("dragleave", event => {
    if (event.relatedTarget === null) document.body.classList.remove("dragging")
  })
  document.addEventListener("drop", event => {
    document.body.classList.remove("dragging")
    if (!limits || !event.dataTransfer?.files.length) return
    event.preventDefault()
    open()
    sendAll([...event.dataTransfer.files])
  })

  return {
    /** @param {Description["limits"]["uploads"]} given What the server takes; undefined: nothing. */
    describe(given) {
      limits = given
      opener.hidden = given === undefined
      if (given === undefined) return
      files.accept = given.extensions.join(",")
      const megabytes = Math.floor(given.bodyBytes / 2 ** 20)
      byId("accepted", HTMLElement).textContent =
        `${given.extensions.join(", ")}; at most ${megabytes} MB a file`
    },
  }
}

/** @param {unknown} error */
const messageOf = error => (error instanceof Error ? error.message : String(error))
