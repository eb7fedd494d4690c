// The part of the log that is in view. The column is laid out from its end (column-reverse): scrollTop is 0 at the
// end and negative above it, so the end stays in view by itself and older entries move nothing. Only entries appended
// while someone reads further up need a correction.

import { find } from "../shared/dom.js"

const NEAR_END = 40

export class Scroll {
  #scroller
  #button
  #unseen = 0
  #isKeeping = false

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} button
   */
  constructor(scroller, button) {
    this.#scroller = scroller
    this.#button = button
    button.addEventListener("click", () => this.toEnd())
    scroller.addEventListener("scroll", () => this.isAtEnd && this.#clear(), { passive: true })
  }

  /**
   * Calls `change()`, which returns how many entries it appended, and keeps the entries in view where they are.
   * @param {() => number | void} change
   */
  keep(change) {
    // One change may cause another: the outermost corrects for both.
    if (this.#isKeeping || this.isAtEnd) return void change()
    this.#isKeeping = true
    try {
      const height = this.#scroller.scrollHeight
      const appended = change()
      this.#scroller.scrollTop -= this.#scroller.scrollHeight - height
      if (appended) this.#announce(appended)
    } finally {
      this.#isKeeping = false
    }
  }

  /** The seq of the first row in view. */
  get first() {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#scroller.querySelectorAll("[data-seq]")
    const top = this.#scroller.getBoundingClientRect().top
    return [...rows].find(row => row.getBoundingClientRect().bottom > top)?.dataset.seq
  }

  toEnd() {
    this.#scroller.scrollTop = 0
    this.#clear()
  }

  get isAtEnd() {
    return this.#scroller.scrollTop > -NEAR_END
  }

  /** @param {number} appended */
  #announce(appended) {
    this.#unseen += appended
    find(this.#button, "span").textContent = `${this.#unseen} new`
    this.#button.hidden = false
  }

  #clear() {
    this.#unseen = 0
    this.#button.hidden = true
  }
}
