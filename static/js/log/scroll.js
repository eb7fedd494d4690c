// The part of the log that is in view. The column is laid out from its end (column-reverse): scrollTop is 0 at the
// end and negative above it, so the end stays in view by itself and older entries move nothing. While someone reads
// further up, whatever is appended or changes its height needs a correction: one row in view stays where it is.

import { find } from "../shared/dom.js"

const NEAR_END = 40

export class Scroll {
  #scroller
  #button
  #unseen = 0
  #isKeeping = false
  /** Where the last correction should have led. */
  #wanted = 0

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
      const anchor = this.#anchor
      const before = anchor && topOf(anchor)
      const appended = change()
      if (anchor?.isConnected) this.#scrollBy(topOf(anchor) - Number(before))
      if (appended) this.#announce(appended)
    } finally {
      this.#isKeeping = false
    }
  }

  /**
   * Browsers scroll by whole pixels, but rows are not whole pixels high: without the rest they would drift.
   * @param {number} pixels
   */
  #scrollBy(pixels) {
    const place = this.#scroller.scrollTop
    if (Math.abs(this.#wanted - place) >= 1) this.#wanted = place
    this.#wanted += pixels
    this.#scroller.scrollTop = Math.round(this.#wanted)
  }

  /** The seq of the first row in view. */
  get first() {
    return this.#firstRow?.dataset.seq
  }

  // The first row that begins in view, since one that begins above may be what grows; or the one that fills the view.
  get #anchor() {
    const { top, bottom } = this.#scroller.getBoundingClientRect()
    const row = firstOf(this.#rows, row => topOf(row) >= top)
    return row && topOf(row) < bottom ? row : this.#firstRow
  }

  get #firstRow() {
    const { top } = this.#scroller.getBoundingClientRect()
    return firstOf(this.#rows, row => row.getBoundingClientRect().bottom > top)
  }

  get #rows() {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#scroller.querySelectorAll("[data-seq]")
    return [...rows]
  }

  toEnd() {
    this.#scroller.scrollTop = 0
    this.#clear()
  }

  /** Whether there is anything to be seen: narrow windows show a group's settings instead of its log. */
  get isShown() {
    return this.#scroller.clientHeight > 0
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

/** @param {Element} element */
function topOf(element) {
  return element.getBoundingClientRect().top
}

/**
 * The first of the rows for which this is so, as it is for all rows below. Undefined if there is none.
 * @template Row
 * @param {Row[]} rows
 * @param {(row: Row) => boolean} isSo
 */
export function firstOf(rows, isSo) {
  let [from, to] = [0, rows.length]
  while (from < to) {
    const middle = (from + to) >> 1
    if (isSo(rows[middle])) to = middle
    else from = middle + 1
  }
  return rows[from]
}
