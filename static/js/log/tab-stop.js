// The log as one Tab stop: its current row. Everything else in it can be focused, but is left out by Tab.
// What is added to the log later is found here, whoever adds it.

import { indexOfFirst } from "../shared/bisect.js"
import { nameRow, unnameRow } from "./row-names.js"

// A folded run of rows is one row: its summary.
const ROW = "[data-seq], .run > summary, .entry-day > button"
const SHOWN_ROW = "[data-seq]:not(details:not([open]) *), .run > summary, .entry-day > button"
// Whoever edits in a row uses Tab there. What comes with the pointer only has keys of its own (actions/letters.js).
const BUTTONS = ":is(a[href], button):not(form *, .message-quick *)"
const CODE = "pre[tabindex]"
/** What arrow keys reach in a row. */
export const CONTROLS = `${BUTTONS}, ${CODE}`
const EDGE = 8 // pixels: the scroll margin of the current row in entry.css
const STOPS = `${ROW}, [data-seq] ${BUTTONS}`

export class TabStop {
  #list
  #scroller
  /** @type {HTMLElement | null} */
  #current = null
  #seq = 0
  #isChosen = false
  /** @type {HTMLElement | null} What in the log has the focus, or lost it because it was moved or removed. */
  #focused = null

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} scroller
   */
  constructor(list, scroller) {
    this.#list = list
    this.#scroller = scroller
    leaveOut(list)
    this.#makeCurrent(this.rows.at(-1))
    const observer = new MutationObserver(records => this.#follow(records))
    observer.observe(list, { childList: true, characterData: true, subtree: true })
    list.addEventListener("focusin", event => this.#focusEntered(event))
    list.addEventListener("focusout", () => setTimeout(() => this.#focusLeft()))
    document.addEventListener("keydown", event => event.key === "Tab" && this.#expectTab(), { capture: true })
  }

  /** The rows that are shown, in their order. */
  get rows() {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#list.querySelectorAll(SHOWN_ROW)
    return [...rows]
  }

  /**
   * Moves to this row, if there is one, and returns whether there is.
   * @param {HTMLElement | undefined} row
   */
  focus(row) {
    row?.focus({ preventScroll: true })
    row?.scrollIntoView({ block: "nearest" })
    return row !== undefined
  }

  /** @param {HTMLElement | null} [row] */
  #makeCurrent(row = null) {
    if (this.#current && this.#current !== row) {
      this.#current.tabIndex = -1
      unnameRow(this.#current)
    }
    this.#current = row
    // Without rows there is nothing else that scrolls the log with the keyboard.
    this.#scroller.tabIndex = row ? -1 : 0
    if (!row) return
    this.#seq = seqOf(row)
    row.tabIndex = 0
    nameRow(row)
  }

  #expectTab() {
    this.#passCode()
    this.#expectFocus()
  }

  // Code that scrolls has to be a Tab stop for tools that don't know of the arrow keys, so it isn't one only now.
  #passCode() {
    /** @type {NodeListOf<HTMLElement>} */
    const blocks = this.#list.querySelectorAll(CODE)
    for (const block of blocks) block.tabIndex = -1
    setTimeout(() => {
      for (const block of blocks) block.tabIndex = 0
    })
  }

  /** Tab leads to the row that was current if it is in view, else to the last one in view, so that nothing moves. */
  #expectFocus() {
    const view = this.#view
    if (this.#focused || (this.#isChosen && this.#current && isWithin(this.#current, view))) return
    const { rows } = this
    const last = lastBefore(rows, row => row.getBoundingClientRect().bottom > view.bottom)
    // If none is in view as a whole, there is one that fills the view.
    this.#makeCurrent(!last || isWithin(last, view) ? last : (rows[rows.indexOf(last) + 1] ?? last))
  }

  // Without the edges at which browsers scroll to show what has the focus.
  get #view() {
    const { top, bottom } = this.#scroller.getBoundingClientRect()
    return { top: top + EDGE, bottom: bottom - EDGE }
  }

  /** @param {FocusEvent} event */
  #focusEntered(event) {
    this.#focused = /** @type {HTMLElement} */ (event.target)
    this.#isChosen = true
    this.#makeCurrent(rowAround(event.target) ?? this.#current)
  }

  #focusLeft() {
    if (!this.#list.contains(document.activeElement)) this.#focused = null
  }

  /** @param {MutationRecord[]} records */
  #follow(records) {
    for (const { addedNodes } of records)
      for (const node of addedNodes) if (node instanceof HTMLElement) leaveOut(node, this.#current)
    if (this.#current && records.some(({ target }) => this.#current?.contains(target))) nameRow(this.#current)
    // The last row up to its seq: one in its place, the fold that it is in now, or the row above.
    if (!this.#isShown(this.#current)) this.#makeCurrent(lastBefore(this.rows, row => seqOf(row) > this.#seq))
    if (this.#focused && document.activeElement === document.body) this.#returnFocus(this.#focused)
  }

  /** @param {HTMLElement | null} row */
  #isShown(row) {
    return row !== null && this.#list.contains(row) && row.matches(SHOWN_ROW)
  }

  /** @param {HTMLElement} element */
  #returnFocus(element) {
    const place = this.#isShown(rowAround(element)) ? element : this.#current
    place?.focus({ preventScroll: true })
  }
}

/**
 * The row that this is, or that it is in.
 * @param {EventTarget | null} target
 * @returns {HTMLElement | null}
 */
export function rowAround(target) {
  return target instanceof Element ? target.closest(ROW) : null
}

/**
 * The last of the rows before those of which this is so; the first, if it is so of all.
 * @param {HTMLElement[]} rows
 * @param {(row: HTMLElement) => boolean} isSo As it is of all rows below.
 * @returns {HTMLElement | undefined}
 */
export function lastBefore(rows, isSo) {
  return rows[Math.max(0, indexOfFirst(rows, isSo) - 1)]
}

/**
 * @param {HTMLElement} part Of the log.
 * @param {HTMLElement | null} [current] It stays the stop, wherever it is.
 */
function leaveOut(part, current) {
  /** @type {NodeListOf<HTMLElement>} */
  const found = part.querySelectorAll(STOPS)
  for (const each of [part, ...found]) if (each !== current && each.matches(STOPS)) each.tabIndex = -1
}

/**
 * @param {HTMLElement} row
 * @param {{ top: number, bottom: number }} view
 */
function isWithin(row, view) {
  const { top, bottom } = row.getBoundingClientRect()
  return top >= view.top && bottom <= view.bottom
}

/** @param {HTMLElement} row Or a fold: that of its first row. Or a day: that of the row below. */
function seqOf(row) {
  if (row.dataset.seq) return Number(row.dataset.seq)
  /** @type {Element | null} */
  let unit = row.parentElement
  while (unit && !unit.matches("[data-seq], .run")) unit = unit.nextElementSibling
  return Number(unit?.getAttribute("data-seq") ?? unit?.querySelector("[data-seq]")?.getAttribute("data-seq"))
}
