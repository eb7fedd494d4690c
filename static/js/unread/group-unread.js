// What is unread of this page's group, and where the page shows it: beside the group, in the title, in the bar above the
// log and as the line in it.

import { report } from "../shared/attempt.js"
import { find } from "../shared/dom.js"
import { Level } from "./level.js"
import { Marks } from "./marks.js"
import { countedIn, Reading } from "./reading.js"
import { UnreadBar } from "./unread-bar.js"

/**
 * @typedef {{
 *   user: string,
 *   group: string,
 *   view: import("../log/view.js").LogView,
 *   socket: import("../connection/socket.js").Socket,
 *   polling: import("../connection/polling.js").Polling,
 *   badges: import("./badges.js").Badges,
 * }} Parts
 */

export class GroupUnread {
  #parts
  #bell
  #reading
  #level
  #marks
  /** None on a page of a conversation. */
  #bar
  /** @type {Set<number>} Messages without a row yet, above which the line of new ones is to be. */
  #linesDue = new Set()

  /**
   * @param {HTMLElement} page
   * @param {Parts} parts
   */
  constructor(page, parts) {
    const { user, view, socket, polling } = parts
    const opened = { firstUnread: view.newLine.seq, isHeld: "held" in page.dataset }
    const reading = new Reading(user, countedIn(page.dataset), opened)
    this.#parts = parts
    this.#bell = find(page, "#preferences")
    this.#reading = reading
    this.#level = new Level(page.dataset)
    this.#marks = new Marks({ reading, view, socket, polling, show: numbers => this.#show(numbers) })
    this.#bar = "live" in page.dataset ? this.#barIn(page) : null
  }

  /** @param {HTMLElement} page */
  #barIn(page) {
    const { socket: address = "" } = page.dataset
    const frame = find(page, ".scroller-frame")
    return new UnreadBar(frame, address, this.#parts.view.newLine.seq, () => this.#markAll())
  }

  /** @param {HTMLElement[]} places Where one reads and writes. */
  start(...places) {
    this.#marks.start(...places)
  }

  /** @param {import("../connection/protocol.js").Ready} object */
  ready(object) {
    this.#reading.ready(object, this.#parts.group)
  }

  /** @param {import("../connection/protocol.js").Unread} object Of this group. */
  counted(object) {
    this.#reading.changed(object)
    this.#marks.mark()
  }

  /** @param {import("../connection/protocol.js").Group} object This group, of which the user may want to be told less. */
  preferencesChanged(object) {
    this.#level.changed(object)
    this.#showBell(object.muted === true).catch(report)
    this.#marks.mark()
  }

  /** @param {boolean} isMuted */
  async #showBell(isMuted) {
    const { showBell } = await import("./bell.js")
    showBell(this.#bell, isMuted)
  }

  /** @param {import("../connection/protocol.js").Entry} entry The log's next one, which has no row yet. */
  follow(entry) {
    // Whether it is above or below the line depends on what was read before it came.
    if (this.#isNewHere(entry)) this.#linesDue.add(entry.seq)
    this.#reading.follow(entry)
  }

  /** @param {number} seq Of a message that has a row now. */
  shown(seq) {
    if (this.#linesDue.delete(seq)) this.#parts.view.newLine.moveTo(seq)
  }

  /**
   * Whether nobody sees the message come, and everything before it was read.
   * @param {import("../connection/protocol.js").Entry} entry
   */
  #isNewHere(entry) {
    const isOfOthers = entry.type === "text_message" && entry.author !== this.#parts.user
    return isOfOthers && !this.#reading.isUnread && (document.hidden || !document.hasFocus())
  }

  /** @param {import("./badges.js").Numbers} numbers */
  #show(numbers) {
    const { badges, group, view } = this.#parts
    badges.show(group, this.#level.of(numbers))
    this.#bar?.update(this.#reading, view.first)
  }

  /** @param {number} seq Of a message that is being marked as unread, with all that follow. */
  markUnread(seq) {
    this.#reading.markUnread(seq)
  }

  /** Marks everything as read. Returns false if there is no connection for that. */
  #markAll() {
    const { socket, view } = this.#parts
    if (!socket.isOpen) return false
    this.#reading.seeAll()
    this.#marks.mark()
    view.newLine.remove()
    return true
  }
}
