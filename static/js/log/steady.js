// A row that is in use stays where it is at the log's end as well, where what comes moves all rows up: with it would move
// what is typed in it, or the menu that is beside it.

import { find } from "../shared/dom.js"

export class Steady {
  #view
  #rowInUse
  #scroller
  /** @type {HTMLElement | null} */
  #row = null
  /** Where its end was on the screen. */
  #end = 0
  #isChanged = false

  /**
   * @param {{ page: HTMLElement, list: HTMLElement, view: import("./view.js").LogView }} context
   * @param {() => HTMLElement | null} rowInUse
   */
  constructor({ page, list, view }, rowInUse) {
    this.#view = view
    this.#rowInUse = rowInUse
    this.#scroller = find(page, ".scroller")
    list.addEventListener("rows", () => this.#changed())
    // The menu is beside the scroller.
    find(page, ".scroller-frame").addEventListener("focusin", () => this.#note())
    this.#scroller.addEventListener("scroll", () => this.#note(), { passive: true })
    // Called between layout and paint: the composer or the window has another size now.
    new ResizeObserver(() => this.#note()).observe(this.#scroller)
  }

  #note() {
    this.#row = this.#rowInUse()
    if (this.#row) this.#end = endOf(this.#row)
  }

  // Once for all rows that come with a frame, before it is painted.
  #changed() {
    if (this.#isChanged || !this.#row) return
    this.#isChanged = true
    queueMicrotask(() => {
      this.#isChanged = false
      this.#correct()
    })
  }

  // Elsewhere in the log, the rows in view stay where they are anyway.
  #correct() {
    const row = this.#rowInUse()
    if (row?.isConnected && row === this.#row && this.#view.isAtNewest) {
      this.#scroller.scrollTop += Math.round(endOf(row) - this.#end)
    }
    this.#note()
  }
}

/** @param {HTMLElement} row */
function endOf(row) {
  return row.getBoundingClientRect().bottom
}
