// The three most used actions, beside the "…" of the message under the pointer: one element, which moves from row to row.

import { cloned, find } from "../shared/dom.js"

const HOVERS = "(hover: hover) and (pointer: fine) and (width >= 640px)"
const COUNT = 3

export class QuickBar {
  #actions
  #bar
  /** @type {HTMLElement | null} */
  #row = null

  /**
   * @param {HTMLElement} list
   * @param {import("./message-actions.js").MessageActions} actions
   */
  constructor(list, actions) {
    this.#actions = actions
    this.#bar = cloned("message-quick-template")
    const hovers = matchMedia(HOVERS)
    list.addEventListener("pointerover", event => hovers.matches && this.#moveTo(messageAround(event.target)))
    list.addEventListener("pointerleave", () => this.#moveTo(null))
    list.addEventListener("rows", () => this.#row && this.#show(this.#row))
    this.#bar.addEventListener("click", event => this.#clicked(event))
  }

  /** @param {HTMLElement | null} row */
  #moveTo(row) {
    if (row === this.#row && (!row || row.contains(this.#bar))) return
    this.#row = row
    if (row) this.#show(row)
    else this.#bar.remove()
  }

  /** @param {HTMLElement} row */
  #show(row) {
    const available = this.#actions.available(row)
    /** @type {NodeListOf<HTMLElement>} */
    const buttons = this.#bar.querySelectorAll("[value]")
    const shown = [...buttons].filter(each => available.includes(actionIn(each))).slice(0, COUNT)
    for (const each of buttons) each.hidden = !shown.includes(each)
    if (!shown.length || !row.querySelector(".entry-actions")) return this.#bar.remove()
    // Before the "…", as it is seen. Moving it again would end a press.
    if (!row.contains(this.#bar)) find(row, ".entry-actions").before(this.#bar)
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("[value]") : null
    if (!(button instanceof HTMLElement) || !this.#row) return
    this.#actions.run(actionIn(button), this.#row, { anchor: find(this.#row, ".entry-actions") })
  }
}

/** @param {HTMLElement} button */
function actionIn(button) {
  return String(button.getAttribute("value"))
}

/**
 * @param {EventTarget | null} target
 * @returns {HTMLElement | null}
 */
function messageAround(target) {
  return target instanceof Element ? target.closest(".message[data-seq]") : null
}
