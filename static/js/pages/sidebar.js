// The user's groups beside the log.

import { attempt } from "../shared/attempt.js"
import { find } from "../shared/dom.js"
import { Arranged } from "./arranged.js"
import { filterLists } from "./filter.js"
import { isLast, lastOf, lineOf, showActive, showLast, showMuted } from "./last.js"
import { OwnGroups } from "./own-groups.js"
import { keepPlace } from "./panel.js"
import { facesOf, hasQuiet, isOfSeveral, rowFor } from "./rows.js"

export class Sidebar {
  #list
  #user
  #added
  #arranged
  #own
  #isFirst = true

  /**
   * @param {HTMLElement} list
   * @param {string} user
   * @param {(uuid: string) => void} added Called when a group has a new row.
   */
  constructor(list, user, added) {
    this.#list = list
    this.#user = user
    this.#added = added
    const panel = find(document, "#my-groups")
    /** @type {HTMLElement | null} */
    const search = panel.querySelector("form.search")
    this.#arranged = new Arranged(list, search ? [list, search] : [list], rankOf)
    this.#own = new OwnGroups(String(list.dataset.own), found => this.#agree(found))
    attempt(filterLists)
    attempt(() => keepPlace(panel, list))
  }

  /**
   * The page has a connection: where it had one before, changes may have been missed.
   * @param {boolean} isLate Whether the page showed other numbers, so that something was written since it was made.
   */
  connected(isLate) {
    if (!this.#isFirst) this.#own.missed()
    else if (isLate) this.#own.soon()
    this.#isFirst = false
  }

  /**
   * One of the user's groups is new, has changed, or is theirs no more.
   * @param {import("../connection/protocol.js").Group | import("../connection/protocol.js").GroupGone} object
   */
  follow(object) {
    this.#own.isNewer(object.group_uuid)
    const row = this.#row(object.group_uuid)
    if (object.type === "group" && !object.archived) this.#show(row ?? this.#add(object), object)
    else if (row) this.#arranged.remove(row)
    this.#showNone()
  }

  /**
   * A group's numbers have changed, and mostly its last message.
   * @param {import("../connection/protocol.js").Unread} object
   * @param {boolean} isMore Whether more is unread than before. Without a WebSocket, that comes without the message.
   */
  counted({ group_uuid, unread, last }, isMore) {
    if (last) this.#own.isNewer(group_uuid)
    const row = this.#row(group_uuid)
    if (row && last) this.#showLast(row, last)
    // Of very many groups not all have rows.
    if (row ? isMore && !last : unread && hasQuiet(this.#list)) this.#own.soon()
  }

  /**
   * The log beside the list has this entry.
   * @param {string} uuid
   * @param {import("../connection/protocol.js").Entry} entry
   */
  entered(uuid, entry) {
    const row = this.#row(uuid)
    if (!row || !["text_message", "message_edited", "message_deleted"].includes(entry.type)) return
    this.#own.isNewer(uuid)
    if (entry.type === "text_message") this.#showLast(row, lastOf(entry))
    else if ("target" in entry && entry.target === Number(row.dataset.last)) this.#change(row, entry)
  }

  /**
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").Change} change
   */
  #change(row, change) {
    const author = "author" in change ? change.author : ""
    const text = change.type === "message_edited" ? lineOf(change) : ""
    const deleted = change.deleted || change.type === "message_deleted"
    this.#line(row, { seq: change.target, author, text, timestamp: "", deleted })
  }

  /** @param {import("./own-groups.js").Found} found */
  #agree(found) {
    /** @type {NodeListOf<HTMLElement>} */
    const rows = this.#list.querySelectorAll("li[data-group]")
    for (const row of rows) if (found.lacks(String(row.dataset.group))) this.#arranged.remove(row)
    for (const group of found.groups) attempt(() => this.#showListed(group))
    this.#showNone()
  }

  /** @param {import("../connection/protocol.js").ListedGroup} group */
  #showListed(group) {
    const row = this.#row(group.group_uuid) ?? this.#add(group)
    this.#show(row, group)
    row.dataset.at = group.active_at
    this.#line(row, group.last)
  }

  /**
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").Group} group
   */
  #show(row, group) {
    delete row.dataset.gone
    showMuted(row, group.muted === true)
    const name = find(row, ".panel-name")
    if (name.textContent === group.name) return
    name.textContent = group.name
    row.querySelector(".faces")?.remove()
    if (group.access === "direct") find(row, "a").prepend(facesOf(group.name, this.#user))
  }

  /**
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").LastMessage} last
   */
  #showLast(row, last) {
    if (!isLast(row, last)) return
    this.#line(row, last)
    showActive(row, last.timestamp)
  }

  /**
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").LastMessage} [last]
   */
  #line(row, last) {
    const namesAuthor = !("direct" in row.dataset) || isOfSeveral(find(row, ".panel-name").textContent ?? "")
    showLast(row, last, this.#user, namesAuthor)
  }

  /**
   * @param {string} uuid
   * @returns {HTMLElement | null}
   */
  #row(uuid) {
    return this.#list.querySelector(`li[data-group="${CSS.escape(uuid)}"]`)
  }

  /**
   * A new row. What was written in the group before is asked for.
   * @param {import("../connection/protocol.js").Group} group
   */
  #add({ group_uuid, access }) {
    const row = rowFor("sidebar-template", group_uuid)
    row.toggleAttribute("data-direct", access === "direct")
    row.dataset.at = new Date().toISOString()
    this.#arranged.add(row)
    this.#added(group_uuid)
    this.#own.soon()
    return row
  }

  #showNone() {
    find(document, "#no-own-groups").hidden = this.#list.querySelector("li:not([data-gone])") !== null
  }
}

/**
 * Direct groups stand before others.
 * @param {Element} row
 */
function rankOf(row) {
  const { dataset } = /** @type {HTMLElement} */ (row)
  const isUnread = row.querySelector(".badge") !== null
  return { part: "direct" in dataset ? 0 : 1, isMuted: "muted" in dataset, isUnread, at: dataset.at ?? "" }
}
