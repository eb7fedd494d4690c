// Which part of the log the page shows: the rows from one entry to another, without a gap. Rows that must not be dropped
// stay when the window goes on without them, as islands before or after it, until it comes back.

import { indexOfFirst } from "../shared/bisect.js"
import { cloned } from "../shared/dom.js"

const LIMIT = 400 // rows in the document
const STEP = 100 // rows that are dropped at a time
// Where the rows don't fill the box, since they are in closed runs: all of them are needed.
const UNFILLED_LIMIT = 2_000

/** @typedef {{ hasEarlier: boolean, hasLater: boolean }} Ends Whether the log goes on beyond what is shown. */

export class LogWindow {
  #list
  #first
  #last
  /** @type {Ends} */
  #ends

  /**
   * @param {HTMLElement} list
   * @param {Ends} ends
   */
  constructor(list, ends) {
    this.#list = list
    this.#ends = ends
    this.#first = firstSeqOf(this.#units[0])
    this.#last = lastSeqOf(this.#units.at(-1))
  }

  /** The seqs of the first and the last row; of an empty window Infinity and 0. */
  get first() {
    return this.#first
  }

  get last() {
    return this.#last
  }

  get hasEarlier() {
    return this.#ends.hasEarlier
  }

  get hasLater() {
    return this.#ends.hasLater
  }

  /** Entries follow after all: their rows are missing. */
  reopen() {
    this.#ends = { ...this.#ends, hasLater: true }
  }

  /** @param {number} seq */
  has(seq) {
    return this.#first <= seq && seq <= this.#last
  }

  /** @param {HTMLElement} row Of the log's next entry. The window has its end. */
  append(row) {
    this.#list.append(row)
    this.#first = Math.min(this.#first, firstSeqOf(row))
    this.#last = firstSeqOf(row)
  }

  /**
   * Inserts the rows that precede the first one. Returns those that are new.
   * @param {HTMLElement[]} rows
   * @param {boolean} hasEarlier
   */
  prepend(rows, hasEarlier) {
    const older = rows.filter(row => firstSeqOf(row) < this.#first)
    this.#first = Math.min(this.#first, firstSeqOf(older[0]))
    this.#last = Math.max(this.#last, lastSeqOf(older.at(-1)))
    this.#ends = { ...this.#ends, hasEarlier: hasEarlier && older.length > 0 }
    return this.#insert(older)
  }

  /**
   * Inserts the rows that follow the last one. Returns those that are new.
   * @param {HTMLElement[]} rows
   * @param {boolean} hasLater
   */
  extend(rows, hasLater) {
    const newer = rows.filter(row => firstSeqOf(row) > this.#last)
    this.#first = Math.min(this.#first, firstSeqOf(newer[0]))
    this.#last = Math.max(this.#last, lastSeqOf(newer.at(-1)))
    this.#ends = { ...this.#ends, hasLater }
    return this.#insert(newer)
  }

  /**
   * Shows these rows instead of all others. What somebody is editing stays, as an island.
   * @param {HTMLElement[]} rows
   * @param {Ends} ends
   */
  replace(rows, ends) {
    for (const child of [...this.#list.children]) if (!child.querySelector("textarea")) child.remove()
    this.#ends = ends
    this.#first = firstSeqOf(rows[0])
    this.#last = lastSeqOf(rows.at(-1))
    return this.#insert(rows)
  }

  /**
   * Drops rows that are far from what is read, if there are too many, and islands that nobody needs any more. Returns
   * whether it did.
   * @param {import("./scroll.js").Scroll} scroll
   * @param {number} distance How many pixels beyond the view rows are far.
   * @param {(unit: HTMLElement) => boolean} isNeeded
   */
  trim(scroll, distance, isNeeded) {
    const isIslandGone = scroll.mayMove && this.#dropIslands(isNeeded)
    return this.#dropFar(scroll, distance, isNeeded) || isIslandGone
  }

  /** @param {(unit: HTMLElement) => boolean} isNeeded */
  #dropIslands(isNeeded) {
    if (!this.#list.querySelector(".entry-gap")) return false
    const gone = this.#units.filter(unit => !this.has(firstSeqOf(unit)) && !isNeeded(unit))
    for (const unit of gone) unit.remove()
    return gone.length > 0
  }

  /**
   * @param {import("./scroll.js").Scroll} scroll
   * @param {number} distance
   * @param {(unit: HTMLElement) => boolean} isNeeded
   */
  #dropFar(scroll, distance, isNeeded) {
    const total = this.#list.querySelectorAll("[data-seq]").length
    if (total <= LIMIT) return false
    const { above, below } = scroll.beyond
    if (above + below < distance && total <= UNFILLED_LIMIT) return false
    const { top, bottom } = scroll.box
    const isAbove = above > below
    if (!isAbove && !scroll.mayMove) return false
    const inOrder = isAbove ? this.#inWindow : this.#inWindow.reverse()
    const isNear = (/** @type {HTMLElement} */ unit) => {
      const box = unit.getBoundingClientRect()
      return isAbove ? box.bottom >= top - distance : box.top <= bottom + distance
    }
    return this.#drop(inOrder.slice(0, indexOfFirst(inOrder, isNear)), isNeeded, total - LIMIT + STEP, isAbove)
  }

  /**
   * @param {HTMLElement[]} units From the window's end inwards.
   * @param {(unit: HTMLElement) => boolean} isNeeded
   * @param {number} rows How many are too many.
   * @param {boolean} isAbove
   */
  #drop(units, isNeeded, rows, isAbove) {
    /** @type {HTMLElement[]} */
    const gone = []
    for (const unit of units) {
      if (rows <= 0) break
      if (isNeeded(unit)) continue
      rows -= countOf(unit)
      gone.push(unit)
    }
    for (const unit of gone) this.#remove(unit, isAbove)
    return gone.length > 0
  }

  /**
   * @param {HTMLElement} unit
   * @param {boolean} isAbove
   */
  #remove(unit, isAbove) {
    if (isAbove) this.#first = lastSeqOf(unit) + 1
    else this.#last = firstSeqOf(unit) - 1
    this.#ends = isAbove ? { ...this.#ends, hasEarlier: true } : { ...this.#ends, hasLater: true }
    unit.remove()
  }

  /** Marks where rows are missing before or after islands. */
  markGaps() {
    for (const gap of this.#list.querySelectorAll(".entry-gap")) gap.remove()
    const units = this.#units
    const shown = this.#inWindow
    const [first, last] = [shown[0], shown.at(-1)]
    if (first && first !== units[0]) first.before(cloned("gap-template"))
    if (last && last !== units.at(-1)) last.after(cloned("gap-template"))
  }

  /** @param {HTMLElement[]} rows In order. */
  #insert(rows) {
    const units = this.#units
    const fresh = rows.filter(row => !document.getElementById(row.id))
    let next = 0
    for (const row of fresh) {
      while (next < units.length && firstSeqOf(units[next]) < firstSeqOf(row)) next += 1
      this.#list.insertBefore(row, units[next] ?? null)
    }
    return fresh
  }

  get #inWindow() {
    return this.#units.filter(unit => this.has(firstSeqOf(unit)))
  }

  // Rows, and runs of them.
  get #units() {
    /** @type {NodeListOf<HTMLElement>} */
    const children = this.#list.querySelectorAll(":scope > [data-seq], :scope > details")
    return [...children]
  }
}

/**
 * The first and the last seq in a row or a run.
 * @param {HTMLElement} unit
 */
export function seqsOf(unit) {
  if (unit.dataset.seq) return { first: Number(unit.dataset.seq), last: Number(unit.dataset.seq) }
  const seqs = [...unit.querySelectorAll("[data-seq]")].map(row => Number(row.getAttribute("data-seq")))
  return { first: seqs[0], last: seqs[seqs.length - 1] }
}

/** @param {HTMLElement | undefined} unit */
function firstSeqOf(unit) {
  return unit ? seqsOf(unit).first : Number.POSITIVE_INFINITY
}

/** @param {HTMLElement | undefined} unit */
function lastSeqOf(unit) {
  return unit ? seqsOf(unit).last : 0
}

/** @param {HTMLElement} unit */
function countOf(unit) {
  return unit.dataset.seq ? 1 : unit.querySelectorAll("[data-seq]").length
}
