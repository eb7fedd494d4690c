// Marks this page's group as read while somebody sees the end of its log, and shows what is unread.

const SECOND = 1_000

/**
 * @typedef {{
 *   reading: import("./reading.js").Reading,
 *   scroll: import("../log/scroll.js").Scroll,
 *   socket: import("../connection/socket.js").Socket,
 *   polling: import("../connection/polling.js").Polling,
 *   show: (numbers: import("./badges.js").Numbers) => void,
 * }} Parts
 */

export class Marks {
  #parts

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts
  }

  /** @param {HTMLElement} scroller */
  start(scroller) {
    const { scroll, reading } = this.#parts
    setInterval(() => this.mark(), SECOND)
    addEventListener("pagehide", () => this.#leave())
    document.addEventListener("visibilitychange", () => document.hidden && this.#leave())
    scroller.addEventListener("scroll", () => scroll.isAtEnd || reading.leftEnd(), { passive: true })
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
  }

  #look() {
    const { reading, scroll, show } = this.#parts
    reading.look(!document.hidden && document.hasFocus() && scroll.isAtEnd)
    show(reading.numbers)
  }
}
