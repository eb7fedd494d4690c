// Says for a moment what was done, also to screen readers.

import { cloned, find } from "../shared/dom.js"

const TIME = 2_000 // milliseconds

export class Said {
  #status
  /** @type {number | undefined} */
  #timer

  /** @param {HTMLElement} page */
  constructor(page) {
    this.#status = cloned("message-said-template")
    find(page, ".scroller-frame").append(this.#status)
  }

  /** @param {string} text */
  show(text) {
    clearTimeout(this.#timer)
    this.#status.textContent = text
    this.#timer = setTimeout(() => this.#status.replaceChildren(), TIME)
  }
}
