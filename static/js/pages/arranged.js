// A list of groups in its order, whatever changes in its rows. No row moves while somebody may be about to press one:
// while the pointer or the focus is in the list, or shortly after a touch.

import { attempt } from "../shared/attempt.js"
import { compareRanks } from "./order.js"

const TOUCHED = 2_000 // milliseconds after a touch

export class Arranged {
  #list
  #areas
  #rankOf
  /** @type {(() => void)[]} Changes that move rows. */
  #waiting = []
  #isTouched = false
  #touchedAt = -TOUCHED
  /** @type {number | undefined} */
  #timer
  #observer

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement[]} areas Where the pointer or the focus keeps rows in their places.
   * @param {(row: Element) => import("./order.js").Rank} rankOf
   */
  constructor(list, areas, rankOf) {
    this.#list = list
    this.#areas = areas
    this.#rankOf = rankOf
    for (const area of areas) this.#watch(area)
    this.#observer = new MutationObserver(() => this.#arrange())
    const attributeFilter = ["data-at", "data-muted", "data-direct", "data-hidden"]
    this.#observer.observe(list, { childList: true, subtree: true, attributeFilter })
  }

  /**
   * Adds a row; where none may move, after all others.
   * @param {Element} row
   */
  add(row) {
    this.#list.append(row)
  }

  /**
   * Removes a row; where none may move, it leaves its space empty.
   * @param {HTMLElement} row
   */
  remove(row) {
    row.dataset.gone = ""
    this.whenFree(() => "gone" in row.dataset && row.remove())
  }

  /**
   * Makes a change that moves rows as soon as they may move.
   * @param {() => void} change
   */
  whenFree(change) {
    this.#waiting.push(change)
    this.#arrange()
  }

  /** @param {HTMLElement} area */
  #watch(area) {
    area.addEventListener("pointerover", ({ pointerType }) => {
      this.#isTouched = pointerType === "touch"
    })
    area.addEventListener("pointerleave", () => this.#arrangeAfter(0))
    area.addEventListener("focusout", () => this.#arrangeAfter(0))
    for (const type of ["touchstart", "touchend", "touchcancel"])
      area.addEventListener(type, () => this.#touched(), { passive: true })
  }

  #touched() {
    this.#isTouched = true
    this.#touchedAt = performance.now()
    this.#arrangeAfter(TOUCHED)
  }

  /** @param {number} pause Afterwards, elements have lost the focus or the pointer. */
  #arrangeAfter(pause) {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#arrange(), Math.max(pause, this.#touchedAt + TOUCHED - performance.now()))
  }

  #isInUse() {
    if (performance.now() - this.#touchedAt < TOUCHED) return true
    // After a touch, browsers go on to take what was touched for what the pointer is at.
    const isAt = (/** @type {HTMLElement} */ area) => !this.#isTouched && area.matches(":hover")
    return this.#areas.some(area => isAt(area) || area.contains(document.activeElement))
  }

  #arrange() {
    if (this.#isInUse()) return
    for (const change of this.#waiting.splice(0)) attempt(change)
    attempt(() => this.#sort())
    // What this has done itself.
    this.#observer.takeRecords()
  }

  #sort() {
    const ranked = [...this.#list.children].map(row => ({ row, rank: this.#rankOf(row) }))
    ranked.sort((a, b) => compareRanks(a.rank, b.rank))
    let next = this.#list.firstElementChild
    for (const { row } of ranked) {
      // Where one goes down, it is the only one that moves.
      if (next && row === next.nextElementSibling) this.#list.append(next)
      else if (row !== next) this.#list.insertBefore(row, next)
      next = row.nextElementSibling
    }
  }
}
