// Scrolls on beyond the rows that are shown, both ways: when the reader gets near the first or the last row, the rows
// beyond it are fetched.

import { fetchPart } from "./log-pages.js"

const AHEAD = 1_600 // pixels before an end, at the most
const SCREENS = 2 // the same in heights of the view
const MARGIN = 200 // pixels farther away than that, rows may be dropped
const RETRY_AFTER = 15_000

/**
 * @typedef {{
 *   log: import("./log.js").Log,
 *   scroll: import("./scroll.js").Scroll,
 *   address: string,
 *   outdated: () => void,
 *   insert: (end: "before" | "after", part: import("./log-pages.js").LogPage) => void,
 * }} Parts
 * `address`: of the group, up to a query's next field. `outdated`: the page shows a log that is no longer the group's, or
 * has seen too many changes since to apply them.
 */

export class Endless {
  #parts
  /** @type {Set<string>} The ends beyond which rows are being fetched, or could not be a moment ago. */
  #busy = new Set()
  #version = 0
  /** Whether somebody scrolls: until then only an unfilled view needs more. */
  #isAwake = false

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts
  }

  /** @param {Element} scroller */
  start(scroller) {
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true })
    addEventListener("resize", () => this.look())
    this.look()
  }

  #scrolled() {
    this.#isAwake ||= this.#parts.scroll.isMoving
    this.look()
  }

  /** How far from the view rows may be dropped. */
  get distance() {
    return this.#ahead + MARGIN
  }

  get #ahead() {
    return Math.min(AHEAD, SCREENS * this.#parts.scroll.height)
  }

  /** The rows were replaced by others: what is being fetched does not belong to them. */
  restart() {
    this.#version += 1
    this.#busy.clear()
    this.look()
  }

  /** Fetches what the reader will soon come to, if it isn't shown. */
  look() {
    const { log, scroll } = this.#parts
    if (!scroll.isShown) return
    const { above, below } = scroll.beyond
    const ahead = this.#isAwake ? this.#ahead : 1
    if (log.window.hasEarlier && above < ahead) this.#load("before", log.window.first)
    if (log.window.hasLater && below < ahead) this.#load("after", log.window.last)
  }

  /**
   * @param {"before" | "after"} end
   * @param {number} seq
   */
  async #load(end, seq) {
    if (this.#busy.has(end)) return
    this.#busy.add(end)
    const { log, scroll, address, outdated, insert } = this.#parts
    const version = this.#version
    log.expectPart()
    try {
      const part = await fetchPart(`${address}${end}=${seq}`)
      if (version !== this.#version) return
      if (!part) return this.#retry(end, version)
      // Rows above the view move nothing.
      if (end === "after") await scroll.untilItMayMove()
      if (version !== this.#version) return
      if (part.epoch !== log.epoch || !log.knowsChangesAfter(part.asof)) return outdated()
      this.#busy.delete(end)
      // Rows at that end may have been dropped meanwhile: the part no longer follows on from what is shown.
      if (seq === (end === "before" ? log.window.first : log.window.last)) insert(end, part)
      else this.look()
    } finally {
      log.expectNoPart()
    }
  }

  /**
   * @param {"before" | "after"} end
   * @param {number} version
   */
  #retry(end, version) {
    setTimeout(() => {
      if (version !== this.#version) return
      this.#busy.delete(end)
      this.look()
    }, RETRY_AFTER)
  }
}
