// The bar above the log, while the first unread message is further up than what the page shows.

import { attempt } from "../shared/attempt.js"
import { find } from "../shared/dom.js"
import { localize } from "../shared/times.js"

export class UnreadBar {
  #bar
  /** The first unread message when the page was loaded, since whose day the messages are new. */
  #first

  /**
   * @param {HTMLElement} bar
   * @param {number} first 0 if nothing was unread.
   * @param {() => boolean} markAll Marks everything as read. Returns false if the form has to do it.
   */
  constructor(bar, first, markAll) {
    this.#bar = bar
    this.#first = first
    attempt(() => localize(bar))
    find(bar, "form").addEventListener("submit", event => markAll() && event.preventDefault())
  }

  /**
   * @param {import("./reading.js").Reading} reading
   * @param {number} from The first entry that the page shows.
   */
  update({ numbers, firstUnread }, from) {
    const { unread } = numbers
    this.#bar.hidden = unread === 0 || firstUnread >= from
    if (this.#bar.hidden) return
    find(this.#bar, "#unread-bar-count").textContent = unread.toLocaleString("en")
    find(this.#bar, "#unread-bar-since").hidden = firstUnread !== this.#first
    const link = find(this.#bar, "#go-to-first", HTMLAnchorElement)
    const url = new URL(link.href)
    url.searchParams.set("at", String(firstUnread))
    link.href = url.href
  }
}
