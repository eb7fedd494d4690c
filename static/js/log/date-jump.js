// The dialog in which a reader chooses a day to read from.

import { find } from "../shared/dom.js"
import { localDay } from "../shared/times.js"

export class DateJump {
  #dialog
  #field
  #go

  /**
   * @param {HTMLDialogElement} dialog
   * @param {(moment: Date) => void} go Gets the chosen day's beginning, in the reader's time zone.
   */
  constructor(dialog, go) {
    this.#dialog = dialog
    this.#field = find(dialog, "input", HTMLInputElement)
    this.#go = go
    find(dialog, "form").addEventListener("submit", event => this.#submit(event))
    find(dialog, "[value=cancel]").addEventListener("click", () => dialog.close())
  }

  /** @param {string} day Chosen at first: as in `datetime`. */
  open(day) {
    this.#field.max = localDay(new Date())
    this.#field.value = day
    this.#dialog.showModal()
  }

  /** @param {Event} event */
  #submit(event) {
    event.preventDefault()
    this.#dialog.close()
    this.#go(new Date(`${this.#field.value}T00:00`))
  }
}
