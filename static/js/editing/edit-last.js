// ArrowUp in an empty field edits what the user wrote last: a message that isn't sent yet, or the last one in the log.

import { find } from "../shared/dom.js"
import { isComposing } from "../shared/typing.js"

/** @typedef {import("../pages/group-later.js").Context} Context */

export class EditLast {
  #context
  #field
  #editing
  #unsent

  /**
   * @param {Context} context
   * @param {import("./editing.js").Editing} editing
   * @param {import("./unsent.js").Unsent} unsent
   */
  constructor(context, editing, unsent) {
    this.#context = context
    this.#field = find(context.page, "#chat-message-input", HTMLTextAreaElement)
    this.#editing = editing
    this.#unsent = unsent
    this.#field.addEventListener("keydown", event => this.#press(event))
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (event.key !== "ArrowUp" || this.#field.value !== "" || !isPlain(event)) return
    event.preventDefault()
    const last = this.#context.outbox.messages.at(-1)
    if (last && !last.seq) this.#unsent.open(last.client_id)
    else this.#editInLog(last?.seq)
  }

  /** @param {number} [seq] Of a message whose row may not be there yet: then another one must not be edited instead. */
  async #editInLog(seq) {
    const { view } = this.#context
    if (view.log.window.hasLater) await view.toNewest()
    const row = seq ? view.log.rowOf(seq) : this.#lastRow
    if (row) this.#editing.open(row, this.#field)
  }

  /** @returns {HTMLElement | undefined} */
  get #lastRow() {
    const { list, user, outbox } = this.#context
    const doomed = outbox.items.map(({ command }) => (command.type === "delete_message" ? command.target : 0))
    /** @type {NodeListOf<HTMLElement>} */
    const rows = list.querySelectorAll(".message[data-seq]")
    const isEditable = (/** @type {HTMLElement} */ row) =>
      row.dataset.name === user && row.querySelector(".entry-text") && !doomed.includes(Number(row.dataset.seq))
    return [...rows].findLast(isEditable)
  }
}

/** @param {KeyboardEvent} event */
function isPlain(event) {
  if (event.defaultPrevented || isComposing(event)) return false
  return !(event.altKey || event.ctrlKey || event.metaKey || event.shiftKey)
}
