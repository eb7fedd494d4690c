// The line above the first message that was unread when the page was opened. It stays for the visit, and comes anew above
// the first message that arrives while nobody looks and nothing else is unread.

import { cloned } from "../shared/dom.js"

export class NewLine {
  #list
  #seq

  /**
   * @param {HTMLElement} list
   * @param {number} seq Of the message, 0 if there is none.
   */
  constructor(list, seq) {
    this.#list = list
    this.#seq = seq
  }

  /** The seq of the message below the line; 0 if there is no line. */
  get seq() {
    return this.#seq
  }

  /** Puts the line where it belongs, if the rows are others now. */
  update() {
    const line = this.#line
    const row = this.#seq ? document.getElementById(`seq-${this.#seq}`) : null
    if (!row) return line?.remove()
    if (line && row.previousElementSibling === line) return
    row.before(line ?? createLine())
    // The line is drawn above its header.
    row.classList.remove("continues")
  }

  /** @param {number} seq */
  moveTo(seq) {
    this.#seq = seq
    this.update()
  }

  /** Everything was read, or the user wrote something. */
  remove() {
    this.moveTo(0)
  }

  get #line() {
    return this.#list.querySelector("#unread-line")
  }
}

function createLine() {
  const line = cloned("unread-line-template")
  line.id = "unread-line"
  return line
}
