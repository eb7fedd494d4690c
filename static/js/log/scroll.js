// The part of the log that is in view. The column is laid out from its end (column-reverse): scrollTop is 0 at the end
// and negative above it. At the log's end, the end stays in view. Anywhere else the rows in view stay where they are on
// the screen, whatever is inserted, removed or changes its height, above, below or among them.

import { indexOfFirst } from "../shared/bisect.js"
import { seqsOf } from "./window.js"

const NEAR_END = 40 // pixels
const AT_REST = 150 // milliseconds after the last movement
const WITNESSES = 8

export class Scroll {
  #scroller
  #list
  #hasEnd
  #isKeeping = false
  /** Where the last correction should have led. */
  #wanted = 0
  /** @type {Map<HTMLElement, number>} Rows in view, and where they were on the screen when the layout was last known. */
  #places = new Map()
  /** `scrollTop` then. */
  #rememberedAt = 0
  #isMoving = false
  /** @type {(() => void)[]} */
  #waiting = []

  /**
   * @param {HTMLElement} scroller
   * @param {HTMLElement} list Of the rows.
   * @param {() => boolean} hasEnd Whether the last row is the log's last one.
   */
  constructor(scroller, list, hasEnd) {
    this.#scroller = scroller
    this.#list = list
    this.#hasEnd = hasEnd
    this.#watch()
  }

  /**
   * Calls `change` and keeps the rows in view where they are; `fixed` before all others.
   * @param {() => void} change
   * @param {HTMLElement} [fixed]
   */
  keep(change, fixed) {
    // One change may cause another: the outermost corrects for both.
    if (this.#isKeeping) return change()
    this.#isKeeping = true
    const sticks = this.isAtNewest && !fixed
    try {
      if (!sticks && (fixed || !this.#isKnown)) this.#remember(fixed)
      change()
    } finally {
      this.#isKeeping = false
      // Failed or not, what is being read stays where it is.
      if (sticks) this.#places.clear()
      else this.#restore()
    }
  }

  /** Whether the end of the log is in view. */
  get isAtNewest() {
    return this.isAtEnd && this.#hasEnd()
  }

  /** Whether the last row is in view. */
  get isAtEnd() {
    return this.#scroller.scrollTop > -NEAR_END
  }

  /** Whether there is anything to be seen: narrow windows show a group's settings instead of its log. */
  get isShown() {
    return this.height > 0
  }

  get height() {
    return this.#scroller.clientHeight
  }

  /** How many pixels of rows are above and below what is in view. */
  get beyond() {
    const { scrollTop, scrollHeight, clientHeight } = this.#scroller
    return { above: scrollHeight - clientHeight + scrollTop, below: -scrollTop }
  }

  /** Where the box of the log is on the screen. */
  get box() {
    return this.#scroller.getBoundingClientRect()
  }

  /** The first row in view and how far it is below the frame's top: above the box a bar may come and go. */
  get place() {
    if (!this.#isKnown) this.#remember()
    const [known] = this.#places
    if (!known) return null
    const [row, top] = known
    return { seq: seqsOf(row).first, offset: Math.round(top - this.#frameTop) }
  }

  /** The seq of the last row whose end is in view, or above that; 0 if there is none. */
  get lastEnded() {
    const { bottom } = this.box
    const rows = this.#rows
    const row = rows[indexOfFirst(rows, row => Math.floor(row.getBoundingClientRect().bottom) > bottom) - 1]
    return row ? seqsOf(row).last : 0
  }

  toEnd() {
    this.#scroller.scrollTop = 0
    this.#wanted = 0
    this.#places.clear()
  }

  /**
   * Scrolls until this is so far below the box's top.
   * @param {Element} element
   * @param {number} offset
   */
  show(element, offset) {
    this.#scroller.scrollTop += Math.round(topOf(element) - this.box.top - offset)
    this.#wanted = this.#scroller.scrollTop
    this.#remember()
  }

  /**
   * Scrolls until this row is where it was in such a place.
   * @param {Element} row
   * @param {number} offset
   */
  showPlace(row, offset) {
    this.show(row, offset + this.#frameTop - this.box.top)
  }

  /**
   * Scrolls until this is in the middle of the box, unless all of it is in view.
   * @param {Element} element
   */
  center(element) {
    const { top, bottom } = element.getBoundingClientRect()
    const { box } = this
    if (top >= box.top && bottom <= box.bottom) return
    this.show(element, Math.max(0, (this.height - element.getBoundingClientRect().height) / 2))
  }

  /**
   * Until rows below the view may change. On iOS that moves or stops what is being scrolled, so it has to be at rest.
   * @returns {Promise<void>}
   */
  untilItMayMove() {
    if (this.mayMove) return Promise.resolve()
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  /** Whether rows below the view may change now. */
  get mayMove() {
    return !this.#isMoving || !isOnIOS()
  }

  /** Whether somebody scrolls, rather than this page. */
  get isMoving() {
    return this.#isMoving
  }

  #watch() {
    /** @type {ReturnType<typeof setTimeout>} */
    let timer
    const moved = () => {
      this.#isMoving = this.#scroller.scrollTop !== Math.round(this.#wanted)
      clearTimeout(timer)
      timer = setTimeout(() => this.#rest(), AT_REST)
      // After a movement of its own, where the rows belong is known. They may be elsewhere already: if the box has changed
      // its size since, that is corrected only after this.
      if (this.#isMoving && !this.#isKeeping && !this.isAtNewest) this.#remember()
    }
    this.#scroller.addEventListener("scroll", moved, { passive: true })
    this.#scroller.addEventListener("scrollend", () => this.#rest(), { passive: true })
    // Called between layout and paint: a window, a keyboard or a font of another size is corrected before it shows.
    const resized = new ResizeObserver(() => this.isAtNewest || this.#restore())
    resized.observe(this.#scroller)
    resized.observe(/** @type {Element} */ (this.#list.parentElement))
  }

  #rest() {
    this.#isMoving = false
    for (const act of this.#waiting.splice(0)) act()
  }

  // Whether it is known where the rows in view belong. Where they are may be wrong: if the box has changed its size just
  // now, that is not corrected yet.
  get #isKnown() {
    return this.#places.size > 0 && this.#scroller.scrollTop === this.#rememberedAt
  }

  /** @param {HTMLElement} [fixed] */
  #remember(fixed) {
    this.#rememberedAt = this.#scroller.scrollTop
    this.#places = new Map([...(fixed ? [fixed] : []), ...this.#witnesses()].map(row => [row, topOf(row)]))
  }

  // The first of the rows that is still there tells how far all of them were moved, also the next time: a phone that is
  // turned there and back shows the same.
  #restore() {
    const row = [...this.#places.keys()].find(isRendered)
    if (row) this.#scrollBy(topOf(row) - Number(this.#places.get(row)))
    this.#remember(row)
  }

  /**
   * Browsers scroll by whole pixels, but rows are not whole pixels high: without the rest they would drift.
   * @param {number} pixels
   */
  #scrollBy(pixels) {
    const place = this.#scroller.scrollTop
    if (Math.abs(this.#wanted - place) >= 1) this.#wanted = place
    this.#wanted += pixels
    const wanted = Math.round(this.#wanted)
    if (wanted !== place) this.#scroller.scrollTop = wanted
  }

  // The first rows that begin in view, since one that begins above may be what grows; or the one that fills the view.
  #witnesses() {
    const { top, bottom } = this.box
    const rows = this.#rows
    const from = indexOfFirst(rows, row => topOf(row) >= top)
    const inView = rows.slice(from, from + WITNESSES).filter(row => topOf(row) < bottom)
    const filling = inView.length > 0 ? undefined : this.#firstRow
    return filling ? [filling] : inView
  }

  get #frameTop() {
    return topOf(this.#scroller.parentElement ?? this.#scroller)
  }

  get #firstRow() {
    const { top } = this.box
    const rows = this.#rows
    return rows[indexOfFirst(rows, row => row.getBoundingClientRect().bottom > top)]
  }

  // Those that can be seen: rows in a closed run have no place.
  get #rows() {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#list.querySelectorAll(":scope > [data-seq], details[open] > [data-seq], details:not([open])")
    return [...rows]
  }
}

// WebKit on iOS alone has this property.
function isOnIOS() {
  return CSS.supports("-webkit-touch-callout", "none")
}

/** @param {Element} element */
function topOf(element) {
  return element.getBoundingClientRect().top
}

/** @param {Element} element */
function isRendered(element) {
  return element.isConnected && element.getClientRects().length > 0
}
