// Asks whether to delete a message, and names what goes with it.

import { excerpt, words } from "../log/excerpt.js"
import { cloned, find } from "../shared/dom.js"

export class DeleteDialog {
  /** @type {HTMLDialogElement | undefined} */
  #dialog

  /**
   * Resolves to whether the user wants it.
   * @param {HTMLElement} row
   * @returns {Promise<boolean>}
   */
  ask(row) {
    this.#dialog ??= create()
    const dialog = this.#dialog
    const text = row.querySelector(".entry-text")
    find(dialog, ".message-dialog-name").textContent = String(row.dataset.name)
    find(dialog, ".message-dialog-text").textContent = text ? excerpt(words(text)) : ""
    dialog.returnValue = ""
    dialog.showModal()
    return new Promise(resolve => {
      dialog.addEventListener("close", () => resolve(dialog.returnValue === "delete"), { once: true })
    })
  }
}

function create() {
  const dialog = /** @type {HTMLDialogElement} */ (cloned("delete-dialog-template"))
  document.body.append(dialog)
  return dialog
}
