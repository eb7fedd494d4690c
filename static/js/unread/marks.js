// Marks this page's group as read while somebody sees the end of its log, and shows what is unread.

const SECOND = 1_000

/**
 * @typedef {{
 *   reading: import("./reading.js").Reading,
 *   scroll: import("../log/scroll.js").Scroll,
 *   socket: import("../connection/socket.js").Socket,
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
    scroller.addEventListener("scroll", () => scroll.isAtEnd || reading.leftEnd(), { passive: true })
  }

  /** Marks what is read, and shows how much is not. */
  mark() {
    const { reading, socket, show } = this.#parts
    const isReading = this.#isReading
    show(reading.numbers(isReading))
    const frame = socket.isOpen ? reading.mark(isReading, performance.now()) : null
    if (frame) socket.send(frame)
  }

  get #isReading() {
    return !document.hidden && document.hasFocus() && this.#parts.scroll.isAtEnd
  }
}
