// The bar above the log, while the first unread message is further up than what the page shows.

import { attempt } from "../shared/attempt.js"
import { cloned, find } from "../shared/dom.js"
import { localize } from "../shared/times.js"

export class UnreadBar {
  #frame
  #address
  #markAll
  /** @type {HTMLElement | null} */
  #bar
  /** The first unread message when the page was loaded, since whose day the messages are new. */
  #first

  /**
   * @param {HTMLElement} frame Of the log, where the bar comes first.
   * @param {string} address Of the group.
   * @param {number} first 0 if nothing was unread.
   * @param {() => boolean} markAll Marks everything as read. Returns false if the form has to do it.
   */
  constructor(frame, address, first, markAll) {
    this.#frame = frame
    this.#address = address
    this.#first = first
    this.#markAll = markAll
    this.#bar = frame.querySelector("#unread-bar")
    if (this.#bar) this.#adopt(this.#bar)
  }

  /**
   * @param {import("./reading.js").Reading} reading
   * @param {number} from The first entry that the page shows.
   */
  update({ numbers, firstUnread }, from) {
    const { unread } = numbers
    const isNeeded = unread > 0 && firstUnread < from
    // What was pressed goes with it: the keyboard goes on in the log.
    if (!isNeeded && this.#bar?.contains(document.activeElement)) find(this.#frame, ".scroller").focus()
    if (this.#bar) this.#bar.hidden = !isNeeded
    if (isNeeded) this.#fill(this.#bar ?? this.#create(), unread, firstUnread)
  }

  /**
   * @param {HTMLElement} bar
   * @param {number} unread
   * @param {number} first
   */
  #fill(bar, unread, first) {
    find(bar, ".unread-bar-count").textContent = unread.toLocaleString("en")
    /** @type {HTMLElement | null} */
    const since = bar.querySelector(".unread-bar-since")
    if (since) since.hidden = first !== this.#first
    find(bar, "a", HTMLAnchorElement).href = `${this.#address}?at=${first}#unread-line`
  }

  #create() {
    const bar = cloned("unread-bar-template")
    bar.id = "unread-bar"
    find(bar, "form", HTMLFormElement).action = `${this.#address}read/`
    this.#frame.prepend(bar)
    this.#adopt(bar)
    this.#bar = bar
    return bar
  }

  /** @param {HTMLElement} bar */
  #adopt(bar) {
    attempt(() => localize(bar))
    find(bar, "form").addEventListener("submit", event => this.#markAll() && event.preventDefault())
  }
}
