// The rows of the home page, each with the buttons that apply.

import { attempt } from "../shared/attempt.js"
import { find } from "../shared/dom.js"
import { localize } from "../shared/times.js"
import { Arranged } from "./arranged.js"
import { hasIn } from "./filter.js"
import { isLast, showActive, showLast, showMuted } from "./last.js"
import { OwnGroups } from "./own-groups.js"
import { contentFor, facesOf, isOfSeveral, rowFor } from "./rows.js"
import { Undo } from "./undo.js"

const MOMENT = 3_000 // milliseconds within which a new group's last message is asked for

export class Groups {
  #list
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
    this.#arranged = new Arranged(find(list, "#own-groups .groups"), [list, ...search], rankOf)
    this.#own = new OwnGroups(String(list.dataset.own), found => this.#agreeWith(found))
    this.#undo = new Undo(left, uuid => this.#joinAgain(uuid))
  }

  /**
   * Makes every row agree with the groups that the user is in. What else may have changed while the page had no
   * connection is asked for: before its first one, only groups that are new.
   * @param {string[]} uuids
   */
  agree(uuids) {
    const joined = new Set(uuids)
    for (const row of this.#rows(".group")) {
      // One that is hidden is not among them, and was found by its name.
      if (!("hidden" in row.dataset)) attempt(() => this.#agree(row, joined.has(row.id)))
      this.release(row)
    }
    if (!this.#isFirst || uuids.length !== Number(this.#list.dataset.groups)) this.#own.soon()
    this.#isFirst = false
  }

  /**
   * A group's numbers have changed, and mostly its last message.
   * @param {import("../connection/protocol.js").Unread} object
   */
  counted({ group_uuid, unread, last }) {
    if (last) this.#own.isNewer(group_uuid)
    const row = this.#row(group_uuid)
    if (row && last && isLast(row, last)) this.#showLast(row, last)
    // Of very many groups not all have rows.
    if (!row && unread && !this.#term) this.#own.soon(MOMENT)
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
    this.#say(row, message)
  }

  /**
   * Disables the row's buttons until the answer, so that each click sends one command.
   * @param {HTMLElement} row
   */
  hold(row) {
    row.dataset.focused = String(row.contains(document.activeElement))
    this.#say(row, "")
    for (const button of row.querySelectorAll("button")) button.disabled = true
  }

  /** @param {HTMLElement} row */
  release(row) {
    for (const button of row.querySelectorAll("button")) button.disabled = false
    this.#refocus(row)
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
    this.#own.soon(MOMENT)
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
    if (shown.querySelector(".last")) this.#showLast(shown, group.last)
  }

  /**
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").LastMessage} [last]
   */
  #showLast(row, last) {
    const namesAuthor = row.dataset.access !== "direct" || isOfSeveral(find(row, ".group-name").textContent ?? "")
    showLast(row, last, this.#user, namesAuthor)
    if (!last) return
    showActive(row, last.timestamp)
    const facts = find(row, ".group-facts")
    if (!facts.querySelector("time")) facts.append(" · ", document.createElement("time"))
    const time = find(facts, "time", HTMLTimeElement)
    time.dateTime = last.timestamp
    time.dataset.form = "ago"
    localize(facts)
  }

  /**
   * @param {HTMLElement} row
   * @param {import("../connection/protocol.js").Group} group
   */
  #show(row, group) {
    const { name, access, role, members } = group
    const title = find(row, ".group-name")
    if (access === "direct" && title.textContent !== name) {
      row.querySelector(".faces")?.remove()
      title.before(facesOf(name, this.#user))
    }
    title.textContent = name
    row.querySelector(".group-label")?.remove()
    if (access === "closed") title.after(label("Closed"))
    showMuted(row, group.muted === true)
    delete row.parentElement?.dataset.gone
    this.#set(row, true)
    if (row.dataset.access !== access || row.dataset.role !== role) this.#offer(row, actionsFor(access, role))
    row.dataset.access = access
    row.dataset.role = role
    delete row.dataset.hidden
    this.#undo.withdraw(row.id)
    this.#count(find(row, ".group-members"), members)
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
    if ("member" in row.dataset === isMember) return false
    row.toggleAttribute("data-member", isMember)
    row.dataset.role = isMember ? "member" : ""
    this.#swapButtons(row, isMember)
    this.#link(row, isMember)
    const members = find(row, ".group-members")
    this.#count(members, Number(members.dataset.members) + (isMember ? 1 : -1))
    if (isMember) this.#arranged.whenFree(() => this.#move(row))
    return true
  }

  /**
   * Moves a row that was joined to the user's groups.
   * @param {HTMLElement} row
   */
  #move(row) {
    const own = find(this.#list, "#own-groups .groups")
    const section = row.closest("section")
    if (own.contains(row) || !section || !("member" in row.dataset)) return
    for (const other of row.querySelectorAll(".group-description, .group-silence, .group-preview")) other.remove()
    find(row, ".group-facts").before(find(rowFor("group-template", row.id), ".last"))
    this.#arranged.add(/** @type {HTMLElement} */ (row.parentElement))
    section.hidden = section.querySelector("li") === null
    this.#hasSome()
    this.#own.soon(MOMENT)
  }

  /**
   * @param {HTMLElement} element
   * @param {number} members
   */
  #count(element, members) {
    const { one, many } = this.#list.dataset
    element.dataset.members = String(members)
    element.textContent = `${members.toLocaleString("en")} ${members === 1 ? one : many}`
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} isMember
   */
  #swapButtons(row, isMember) {
    const actions = find(row, ".group-actions")
    row.dataset.focused ??= String(actions.contains(document.activeElement))
    actions.replaceChildren(contentFor(isMember ? "member-actions" : "stranger-actions", row.id))
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} isMember
   */
  #link(row, isMember) {
    const name = find(row, ".group-name", HTMLAnchorElement)
    if (isMember) name.href = `${this.#list.dataset.socket}groups/${row.id}/`
    else name.removeAttribute("href")
  }

  /**
   * Other buttons, which mean the same: the one that has the focus keeps it.
   * @param {HTMLElement} row
   * @param {string} template
   */
  #offer(row, template) {
    const focused = row.contains(document.activeElement) && document.activeElement?.id
    find(row, ".group-actions").replaceChildren(contentFor(template, row.id))
    if (focused) document.getElementById(focused)?.focus()
  }

  /**
   * Restores the focus if it was lost because the pressed button was replaced or disabled.
   * @param {HTMLElement} row
   */
  #refocus(row) {
    if (row.dataset.focused !== "true" || document.activeElement !== document.body) return
    const strong = row.querySelector(".group-actions .strong") ? ".strong" : "button"
    find(row, `.group-actions ${strong}`).focus()
  }

  /**
   * @param {HTMLElement} row
   * @param {string} message
   */
  #say(row, message) {
    row.querySelector(".group-error")?.remove()
    if (message) find(row, ".group-about").append(alert(message))
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

/**
 * The <template> with the buttons of a group that the user is in. Whoever would lose more than the group is asked before
 * they leave: the rule of pages/leaving.py.
 * @param {string} access
 * @param {string} role
 */
function actionsFor(access, role) {
  if (access === "direct") return "direct-actions"
  return role !== "member" || access === "closed" ? "asking-actions" : "member-actions"
}

/** @param {string} textContent */
function alert(textContent) {
  const error = Object.assign(document.createElement("p"), { className: "field-error group-error", textContent })
  error.setAttribute("role", "alert")
  return error
}

/** @param {string} text */
function label(text) {
  return Object.assign(document.createElement("span"), { className: "group-label", textContent: text })
}
