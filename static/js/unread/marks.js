// Marks this page's group as read while somebody sees the end of its log, and shows what is unread.

const SECOND = 1_000
// What only somebody who is there brings about: new rows don't scroll a log that is at its end.
const ACTS = ["scroll", "wheel", "pointerdown", "keydown"]

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

  /** @param {HTMLElement[]} places Where one reads and writes. */
  start(...places) {
    setInterval(() => this.mark(), SECOND)
    addEventListener("pagehide", () => this.#leave())
    document.addEventListener("visibilitychange", () => document.hidden && this.#leave())
    for (const place of places) {
      for (const act of ACTS) place.addEventListener(act, () => this.#parts.reading.release(), { passive: true })
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
  }

  #look() {
    const { reading, scroll, show } = this.#parts
    reading.look(!document.hidden && document.hasFocus() && scroll.isShown && scroll.isAtEnd)
    show(reading.numbers)
  }
}
