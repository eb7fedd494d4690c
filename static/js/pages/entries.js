// What the log's next entries do on the group's page, beside their rows: members come and go, the group changes, screen
// readers say messages, and what was sent has arrived.

import { isChange } from "../connection/protocol.js"
import { attempt } from "../shared/attempt.js"

/**
 * @template Part
 * @typedef {import("../shared/later.js").Later<Part>} Later
 */
/**
 * @typedef {{
 *   view: import("../log/view.js").LogView,
 *   unread: import("../unread/group-unread.js").GroupUnread,
 *   members: Later<import("../log/members.js").Members>,
 *   groupChanges: Later<import("../log/group-changes.js").GroupChanges>,
 *   announcer: Later<import("../log/announcer.js").Announcer>,
 *   pending: import("../composer/pending.js").Pending,
 *   reply: import("../composer/reply.js").Reply,
 * }} Parts
 */
/**
 * `kinds`: of entries that the server may send, some of which may be new to this page. `isOnSettings`: whether the page
 * shows the group's settings as well. `outdated`: the page lacks what an entry has changed.
 * @typedef {{ user: string, kinds: string[], isOnSettings: boolean, outdated: () => void }} OfPage
 */

export class Entries {
  #parts
  #page

  /**
   * @param {Parts} parts
   * @param {OfPage} page
   */
  constructor(parts, page) {
    this.#parts = parts
    this.#page = page
  }

  /**
   * Shows the entry. Entries of other types have no row, neither in this page nor in one that is loaded now.
   * @param {import("../connection/protocol.js").Entry} entry
   */
  show(entry) {
    const { kinds, outdated } = this.#page
    if (entry.type === "text_message") this.#showMessage(entry)
    if (entry.type === "event_message" && kinds.includes(entry.status)) this.#showEvent(entry)
    if (entry.type === "group_changed") this.#showGroupChange(entry)
    if (isChange(entry)) this.#change(entry)
    if (entry.type === "unknown" && kinds.includes(entry.kind)) outdated()
  }

  /** @param {import("../connection/protocol.js").TextMessage} message */
  #showMessage(message) {
    const { view, unread, announcer, pending } = this.#parts
    const isOwn = message.author === this.#page.user
    if (isOwn) attempt(() => pending.arrived(message.content))
    view.append(message)
    if (!isOwn) {
      view.count()
      announcer(each => each.announce(message))
    }
    unread.shown(message.seq)
  }

  /** @param {import("../connection/protocol.js").EventMessage} event */
  #showEvent(event) {
    this.#parts.members(each => each.follow(event))
    this.#parts.view.append(event)
  }

  /** @param {import("../connection/protocol.js").GroupChanged} change */
  #showGroupChange(change) {
    this.#parts.view.append(change)
    this.#parts.groupChanges(each => each.follow(change))
    if (this.#page.isOnSettings) this.#page.outdated()
  }

  /** @param {import("../connection/protocol.js").Change} change */
  #change(change) {
    const { view, announcer, reply } = this.#parts
    view.log.change(change)
    if (change.type === "message_deleted") announcer(each => each.forget(change.target))
    attempt(() => reply.follow(change))
  }
}
