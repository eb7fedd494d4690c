// Asks whether to delete a message, and names what goes with it.

import { excerpt, words } from "../log/excerpt.js"
import { cloned, find } from "../shared/dom.js"

export class DeleteDialog {
  /** @type {HTMLDialogElement | undefined} */
  #dialog
  /** The id of the row whose message it names. */
  #asked = ""

  /** @param {HTMLElement} list The log. */
  constructor(list) {
    list.addEventListener("rows", () => this.#name())
  }

  /**
   * Resolves to whether the user wants it.
   * @param {HTMLElement} row
   * @returns {Promise<boolean>}
   */
  ask(row) {
    this.#dialog ??= create()
    const dialog = this.#dialog
    this.#asked = row.id
    this.#name()
    dialog.returnValue = ""
    dialog.showModal()
    return new Promise(resolve => {
      dialog.addEventListener("close", () => resolve(this.#answered(dialog)), { once: true })
    })
  }

  /** As it is now: a text that is deleted meanwhile stays nowhere on the page. */
  #name() {
    const row = document.getElementById(this.#asked)
    if (!this.#dialog || !row) return
    const text = find(row, ".entry-text, .entry-deleted")
    find(this.#dialog, ".message-dialog-name").textContent = String(row.dataset.name)
    find(this.#dialog, ".message-dialog-text").textContent = excerpt(words(text))
  }

  /** @param {HTMLDialogElement} dialog */
  #answered(dialog) {
    this.#asked = ""
    find(dialog, ".message-dialog-text").textContent = ""
    return dialog.returnValue === "delete"
  }
}

function create() {
  const dialog = /** @type {HTMLDialogElement} */ (cloned("delete-dialog-template"))
  document.body.append(dialog)
  return dialog
}
