// The groups on the home page: which there are, and which of them are the user's.

import { attempt } from "../shared/attempt.js"
import { find } from "../shared/dom.js"
import { Arranged } from "./arranged.js"
import { hasIn } from "./filter.js"
import { makeOwn, refocus, say, setMember, showGroup, showLastMessage } from "./home-row.js"
import { isLast } from "./last.js"
import { OwnGroups } from "./own-groups.js"
import { hasQuiet, rowFor } from "./rows.js"
import { Undo } from "./undo.js"

export class Groups {
  #list
  #mine
  #news
  #user
  #term
  #undo
  #added
  #arranged
  #own
  #isFirst = true

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} news
   * @param {HTMLElement} left The line that offers to join again.
   * @param {(uuid: string) => void} added Called when a group has a new row.
   */
  constructor(list, news, left, added) {
    const { user = "", term = "" } = list.dataset
    this.#list = list
    this.#news = news
    this.#user = user
    this.#term = term
    this.#added = added
    /** @type {HTMLElement[]} */
    const search = [...document.querySelectorAll("form.search")].filter(each => each instanceof HTMLElement)
    this.#mine = find(list, "#own-groups .groups")
    this.#arranged = new Arranged(this.#mine, [list, ...search], rankOf)
    this.#own = new OwnGroups(String(list.dataset.own), found => this.#agreeWith(found))
    this.#undo = new Undo(left, uuid => this.#joinAgain(uuid))
  }

  /**
   * Makes every row agree with the groups that the user is in. What else may have changed while the page had no
   * connection is asked for: before its first one, only groups that are new, or what was written since.
   * @param {string[]} uuids
   * @param {boolean} isLate Whether the page showed other numbers, so that something was written since it was made.
   */
  agree(uuids, isLate) {
    const joined = new Set(uuids)
    for (const row of this.#rows(".group")) {
      // One that is hidden is not among them, and was found by its name.
      if (!("hidden" in row.dataset)) attempt(() => this.#agree(row, joined.has(row.id)))
      this.release(row)
    }
    if (!this.#isFirst || uuids.length !== Number(this.#list.dataset.groups)) this.#own.missed()
    else if (isLate) this.#own.soon()
    this.#isFirst = false
  }

  /**
   * A group's numbers have changed, and mostly its last message.
   * @param {import("../connection/protocol.js").Unread} object
   */
  counted({ group_uuid, unread, last }) {
    if (last) this.#own.isNewer(group_uuid)
    const row = this.#row(group_uuid)
    if (row && last && isLast(row, last)) showLastMessage(row, last, this.#user)
    // Of very many groups not all have rows.
    if (!row && unread && !this.#term && hasQuiet(this.#mine)) this.#own.soon()
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} isMember
   */
  #agree(row, isMember) {
    if (isMember || row.dataset.access === "open") this.#set(row, isMember)
    else this.#remove(row)
  }

  /**
   * One of the user's groups is new, or has changed.
   * @param {import("../connection/protocol.js").Group} group
   */
  changed(group) {
    this.#own.isNewer(group.group_uuid)
    const row = this.#row(group.group_uuid)
    if (group.archived) row && this.#remove(row)
    else if (row || hasIn(group.name, this.#term)) this.#show(row ?? this.#add(group), group)
  }

  /**
   * The group was deleted, or the user is no longer in it: an open one may be joined again.
   * @param {string} uuid
   */
  gone(uuid) {
    this.#own.isNewer(uuid)
    const row = this.#row(uuid)
    if (row?.dataset.access === "open") this.leave(uuid)
    else if (row) this.#remove(row)
  }

  /** @param {string} uuid */
  join(uuid) {
    this.#answer(uuid, true)
  }

  /** @param {string} uuid */
  leave(uuid) {
    this.#answer(uuid, false)
  }

  /**
   * @param {string | undefined} uuid
   * @param {string} message
   */
  refuse(uuid, message) {
    const row = uuid && this.#row(uuid)
    if (!row) return this.releaseAll()
    this.release(row)
    say(row, message)
  }

  /**
   * Disables the row's buttons until the answer, so that each click sends one command.
   * @param {HTMLElement} row
   */
  hold(row) {
    row.dataset.focused = String(row.contains(document.activeElement))
    say(row, "")
    for (const button of row.querySelectorAll("button")) button.disabled = true
  }

  /** @param {HTMLElement} row */
  release(row) {
    for (const button of row.querySelectorAll("button")) button.disabled = false
    refocus(row)
    delete row.dataset.focused
  }

  releaseAll() {
    for (const row of this.#rows(".group[data-focused]")) this.release(row)
  }

  /**
   * @param {string} uuid
   * @param {boolean} isMember
   */
  #answer(uuid, isMember) {
    this.#own.isNewer(uuid)
    const row = this.#row(uuid)
    if (!row) return
    const isPressed = "focused" in row.dataset
    const hasChanged = attempt(() => this.#set(row, isMember))
    this.release(row)
    if (isMember) this.#undo.withdraw(uuid)
    if (!hasChanged) return
    const name = find(row, ".group-name").textContent ?? ""
    const left = isPressed ? `You left ${name}.` : `You're no longer in ${name}.`
    this.#news.textContent = isMember ? `Joined ${name}` : left
    if (isPressed && !isMember) this.#undo.offer(uuid, name)
  }

  /** @param {string} uuid */
  #joinAgain(uuid) {
    const button = this.#row(uuid)?.querySelector("[value^=join_group]")
    if (!(button instanceof HTMLButtonElement)) return
    // From there the focus goes on with the row.
    button.focus()
    button.click()
  }

  /** @param {import("../connection/protocol.js").Group} group */
  #add({ group_uuid, name }) {
    const row = find(rowFor("group-template", group_uuid), ".group")
    row.dataset.at = new Date().toISOString()
    this.#arranged.add(/** @type {HTMLElement} */ (row.parentElement))
    this.#hasSome()
    this.#added(group_uuid)
    this.#own.soon()
    this.#news.textContent = `New: ${name}`
    return row
  }

  #hasSome() {
    find(this.#list, "#own-groups").hidden = false
    for (const empty of document.querySelectorAll("#no-groups, .groups-none")) empty.remove()
  }

  /** @param {import("./own-groups.js").Found} found */
  #agreeWith(found) {
    for (const row of this.#rows("#own-groups .group[data-member]:not([data-hidden])"))
      if (found.lacks(row.id)) this.#remove(row)
    for (const group of found.groups) attempt(() => this.#showListed(group))
  }

  /** @param {import("../connection/protocol.js").ListedGroup} group */
  #showListed(group) {
    const row = this.#row(group.group_uuid)
    if (!row && !hasIn(group.name, this.#term)) return
    const shown = row ?? this.#add(group)
    this.#show(shown, group)
    shown.dataset.at = group.active_at
    if (shown.querySelector(".last")) showLastMessage(shown, group.last, this.#user)
  }

  /**
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").Group} group
   */
  #show(row, group) {
    delete row.parentElement?.dataset.gone
    this.#set(row, true)
    showGroup(row, group, this.#list.dataset)
    this.#undo.withdraw(row.id)
  }

  /** @param {HTMLElement} row */
  #remove(row) {
    this.#news.textContent = `No longer among your groups: ${find(row, ".group-name").textContent}`
    this.#arranged.remove(/** @type {HTMLElement} */ (row.parentElement))
    this.#undo.withdraw(row.id)
  }

  /**
   * @param {string} uuid
   * @returns {HTMLElement | null}
   */
  #row(uuid) {
    return this.#list.querySelector(`.group[id="${CSS.escape(uuid)}"]`)
  }

  /**
   * @param {string} selector
   * @returns {NodeListOf<HTMLElement>}
   */
  #rows(selector) {
    return this.#list.querySelectorAll(selector)
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} isMember
   */
  #set(row, isMember) {
    if (!setMember(row, isMember, this.#list.dataset)) return false
    if (isMember) this.#arranged.whenFree(() => this.#move(row))
    return true
  }

  /**
   * Moves a row that was joined to the user's groups.
   * @param {HTMLElement} row
   */
  #move(row) {
    const section = row.closest("section")
    if (!section || section.id === "own-groups" || !("member" in row.dataset)) return
    makeOwn(row)
    this.#arranged.add(/** @type {HTMLElement} */ (row.parentElement))
    section.hidden = section.querySelector("li") === null
    this.#hasSome()
    this.#own.soon()
  }
}

/**
 * In one part, however they were searched: those that are hidden stand last.
 * @param {Element} item
 */
function rankOf(item) {
  const row = find(item, ".group")
  const isUnread = row.querySelector(".badge") !== null
  const { dataset } = row
  return { part: "hidden" in dataset ? 1 : 0, isMuted: "muted" in dataset, isUnread, at: dataset.at ?? "" }
}
