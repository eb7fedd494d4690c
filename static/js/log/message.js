// A message's text in its row, and how edits and its deletion change that.

import { cloned, find } from "../shared/dom.js"
import { linkify } from "../shared/linkify.js"
import { renderBody } from "./body.js"

/** @typedef {import("./rows.js").Here} Here */

/**
 * @param {HTMLElement} row
 * @param {import("../connection/protocol.js").TextMessage} message
 * @param {Here} here
 */
export function fillMessage(row, message, here) {
  row.dataset.rev = String(message.rev ?? 0)
  if (message.deleted) return
  showText(row, message, here)
  const actions = find(row, ".entry-actions", HTMLAnchorElement)
  actions.href = addressOf(row, "actions", here)
  actions.setAttribute("aria-label", `Actions for message from ${row.dataset.name}`)
  if (message.rev) markEdited(row, here)
}

/**
 * @param {HTMLElement} row
 * @param {import("../connection/protocol.js").MessageEdited} edit
 * @param {Here} here
 */
export function showEdit(row, edit, here) {
  row.dataset.rev = String(edit.rev)
  keepFocus(row, () => showText(row, edit, here))
  markEdited(row, here)
}

/**
 * The same as the server shows instead of a deleted message; what answers it is still counted.
 * @param {HTMLElement} row
 * @param {import("../connection/protocol.js").MessageDeleted} deletion
 */
export function showDeletion(row, { user }) {
  const state = user === row.dataset.name ? "deleted" : "removed"
  keepFocus(row, () => {
    row.querySelector(".entry-text, .entry-deleted")?.replaceWith(cloned(`tombstone-template-${state}`))
    for (const part of row.querySelectorAll(".entry-edited, .entry-reactions, .entry-actions")) part.remove()
    delete row.dataset.used
  })
}

/**
 * If what has the focus goes with the change, the row's permalink gets it.
 * @param {HTMLElement} row
 * @param {() => void} change
 */
function keepFocus(row, change) {
  const hadFocus = row.contains(document.activeElement)
  change()
  if (hadFocus && !row.contains(document.activeElement)) find(row, ".entry-time").focus({ preventScroll: true })
}

/**
 * @param {HTMLElement} row
 * @param {import("../connection/protocol.js").MessageText} message
 * @param {Here} here
 */
function showText(row, { content, body, mentions = [] }, { user }) {
  const text = find(row, ".entry-text")
  if (body) return text.replaceChildren(renderBody(body, mentions, user, row.dataset.name === user))
  const [node] = text.childNodes
  if (node instanceof Text && text.childNodes.length === 1) rewrite(node, content)
  else text.textContent = content
  linkify(text)
}

/**
 * @param {HTMLElement} row
 * @param {Here} here
 */
function markEdited(row, here) {
  if (row.querySelector(".entry-edited")) return
  const mark = cloned("edited-template")
  mark.setAttribute("href", addressOf(row, "history", here))
  find(row, ".entry-text").after(mark)
}

/**
 * @param {HTMLElement} row
 * @param {string} page
 * @param {Here} here
 */
function addressOf(row, page, { address }) {
  return `${address}messages/${row.dataset.seq}/${page}/`
}

/**
 * Replaces only what differs, so that what is selected of the rest stays selected.
 * @param {CharacterData} node
 * @param {string} text
 */
function rewrite(node, text) {
  const { start, before, after } = difference(node.data, text)
  if (before + after) node.replaceData(start, before.length, after)
}

/**
 * What of the first text is replaced by what of the second, and where.
 * @param {string} one
 * @param {string} other
 */
export function difference(one, other) {
  const shorter = Math.min(one.length, other.length)
  let start = 0
  while (start < shorter && one[start] === other[start]) start += 1
  let end = 0
  while (end < shorter - start && one.at(-1 - end) === other.at(-1 - end)) end += 1
  return { start, before: one.slice(start, one.length - end), after: other.slice(start, other.length - end) }
}
