// A group's row on the home page, with the buttons that apply: as templates/home/_group.html makes it.

import { find } from "../shared/dom.js"
import { localize } from "../shared/times.js"
import { showActive, showLast, showMuted } from "./last.js"
import { contentFor, facesOf, isOfSeveral, rowFor } from "./rows.js"

/**
 * @typedef {DOMStringMap} List What the list of the rows has: `user`, `socket` (the address of the site), and `one` and
 *   `many`, the words for members.
 */

/**
 * @param {HTMLElement} row
 * @param {import("../connection/protocol.js").Group} group
 * @param {List} list
 */
export function showGroup(row, { name, access, role, members, muted }, list) {
  const title = find(row, ".group-name")
  if (access === "direct" && title.textContent !== name) {
    row.querySelector(".faces")?.remove()
    title.before(facesOf(name, list.user ?? ""))
  }
  title.textContent = name
  row.querySelector(".group-label")?.remove()
  if (access === "closed") title.after(label("Closed"))
  showMuted(row, muted === true)
  if (row.dataset.access !== access || row.dataset.role !== role) offer(row, actionsFor(access, role))
  row.dataset.access = access
  row.dataset.role = role
  delete row.dataset.hidden
  count(row, members, list)
}

/**
 * @param {HTMLElement} row
 * @param {import("../connection/protocol.js").LastMessage | undefined} last
 * @param {string} user
 */
export function showLastMessage(row, last, user) {
  const namesAuthor = row.dataset.access !== "direct" || isOfSeveral(find(row, ".group-name").textContent ?? "")
  showLast(row, last, user, namesAuthor)
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
 * Offers to leave and open the group, or to join it. Returns false if it did so already.
 * @param {HTMLElement} row
 * @param {boolean} isMember
 * @param {List} list
 */
export function setMember(row, isMember, list) {
  if ("member" in row.dataset === isMember) return false
  row.toggleAttribute("data-member", isMember)
  row.dataset.role = isMember ? "member" : ""
  swapButtons(row, isMember)
  const name = find(row, ".group-name", HTMLAnchorElement)
  if (isMember) name.href = `${list.socket}groups/${row.id}/`
  else name.removeAttribute("href")
  count(row, Number(find(row, ".group-members").dataset.members) + (isMember ? 1 : -1), list)
  return true
}

/**
 * Makes a row like those of the user's groups, which have the last message in the place of a description.
 * @param {HTMLElement} row
 */
export function makeOwn(row) {
  for (const other of row.querySelectorAll(".group-description, .group-silence, .group-preview")) other.remove()
  if (!row.querySelector(".last")) find(row, ".group-facts").before(find(rowFor("group-template", row.id), ".last"))
}

/**
 * Restores the focus if it was lost because the pressed button was replaced or disabled.
 * @param {HTMLElement} row
 */
export function refocus(row) {
  if (row.dataset.focused !== "true" || document.activeElement !== document.body) return
  const strong = row.querySelector(".group-actions .strong") ? ".strong" : "button"
  find(row, `.group-actions ${strong}`).focus()
}

/**
 * @param {HTMLElement} row
 * @param {string} message
 */
export function say(row, message) {
  row.querySelector(".group-error")?.remove()
  if (message) find(row, ".group-about").append(alert(message))
}

/**
 * @param {HTMLElement} row
 * @param {number} members
 * @param {List} list
 */
function count(row, members, { one, many }) {
  const element = find(row, ".group-members")
  element.dataset.members = String(members)
  element.textContent = `${members.toLocaleString("en")} ${members === 1 ? one : many}`
}

/**
 * @param {HTMLElement} row
 * @param {boolean} isMember
 */
function swapButtons(row, isMember) {
  const actions = find(row, ".group-actions")
  row.dataset.focused ??= String(actions.contains(document.activeElement))
  actions.replaceChildren(contentFor(isMember ? "member-actions" : "stranger-actions", row.id))
}

/**
 * Other buttons, which mean the same: the one that has the focus keeps it.
 * @param {HTMLElement} row
 * @param {string} template
 */
function offer(row, template) {
  const focused = row.contains(document.activeElement) && document.activeElement?.id
  find(row, ".group-actions").replaceChildren(contentFor(template, row.id))
  if (focused) document.getElementById(focused)?.focus()
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
