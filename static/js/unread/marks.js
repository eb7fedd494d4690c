// Marks this page's group as read as far as somebody has seen it, and shows what is unread.

const SECOND = 1_000
const OFTEN = 200 // milliseconds between two looks while something is unread
const ACTIVE = 120 * SECOND // after which nobody seems to be there any more
// What only somebody who is there brings about.
const ACTS = ["wheel", "pointerdown", "keydown"]

/**
 * @typedef {{
 *   reading: import("./reading.js").Reading,
 *   view: import("../log/view.js").LogView,
 *   socket: import("../connection/socket.js").Socket,
 *   polling: import("../connection/polling.js").Polling,
 *   show: (numbers: import("./badges.js").Numbers) => void,
 * }} Parts
 */

export class Marks {
  #parts
  #acted = performance.now()

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts
  }

  /** @param {HTMLElement[]} places Where one reads and writes. */
  start(...places) {
    setInterval(() => this.#parts.reading.isUnread && this.#look(), OFTEN)
    setInterval(() => this.mark(), SECOND)
    addEventListener("pagehide", () => this.#leave())
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#leave() : this.#act()))
    addEventListener("focus", () => this.#act())
    const options = { passive: true, capture: true }
    for (const act of [...ACTS, "pointermove"]) document.addEventListener(act, () => this.#act(), options)
    for (const place of places) {
      for (const act of ACTS) place.addEventListener(act, () => this.#parts.reading.release(), options)
      place.addEventListener("scroll", () => this.#scrolled(), options)
    }
  }

  /** Marks what is read, and shows how much is not. */
  mark() {
    const { reading, socket } = this.#parts
    this.#look()
    const mark = socket.isOpen ? reading.mark(performance.now()) : null
    if (mark) socket.send(mark)
  }

  /** Marks what was read until now: neither the page nor its socket may be there a moment later. */
  #leave() {
    const { reading, socket, polling } = this.#parts
    this.#look()
    const mark = socket.hasEnded ? null : reading.leave(performance.now())
    if (mark) polling.mark(mark)
    // Coming back means that what is in view is read, also if it was marked as unread elsewhere.
    reading.release()
  }

  // The page scrolls as well, where it keeps the rows in their place.
  #scrolled() {
    if (!this.#parts.view.scroll.isMoving) return
    this.#act()
    this.#parts.reading.release()
  }

  #act() {
    this.#acted = performance.now()
  }

  #look() {
    const { reading, view, show } = this.#parts
    const now = performance.now()
    const isThere = !document.hidden && document.hasFocus() && now - this.#acted < ACTIVE
    reading.look(isThere ? view.inView : null, now)
    show(reading.numbers)
  }
}
