// The last message in a group's row, as templates/home/_group.html and templates/group/_sidebar.html show it.

import { excerpt } from "../log/excerpt.js"
import { textOf } from "../log/message-text.js"
import { contentOf, find } from "../shared/dom.js"

/** @typedef {import("../connection/protocol.js").LastMessage} LastMessage */

/**
 * Whether a message is at least as new as the one that the row shows.
 * @param {HTMLElement} row
 * @param {LastMessage} last
 */
export function isLast(row, last) {
  return last.seq >= Number(row.dataset.last ?? 0)
}

/**
 * @param {HTMLElement} row
 * @param {LastMessage | undefined} last
 * @param {string} user
 * @param {boolean} namesAuthor Whether the message may be of several people.
 */
export function showLast(row, last, user, namesAuthor) {
  const line = find(row, ".last")
  if (last) row.dataset.last = String(last.seq)
  else delete row.dataset.last
  if (!last) return line.replaceChildren("No messages yet")
  if (last.deleted) return line.replaceChildren("Message deleted")
  line.replaceChildren(...authorOf(last, user, namesAuthor), last.text)
}

/**
 * @param {LastMessage} last
 * @param {string} user
 * @param {boolean} namesAuthor
 */
function authorOf({ author }, user, namesAuthor) {
  if (author !== user && !namesAuthor) return []
  const name = document.createElement("bdi")
  name.textContent = author === user ? "You" : author
  return [name, ": "]
}

/**
 * The group was active at this moment, unless it was later still.
 * @param {HTMLElement} row
 * @param {string} at
 */
export function showActive(row, at) {
  if (at > (row.dataset.at ?? "")) row.dataset.at = at
}

/**
 * @param {HTMLElement} row
 * @param {boolean} isMuted
 */
export function showMuted(row, isMuted) {
  if ("muted" in row.dataset === isMuted) return
  row.toggleAttribute("data-muted", isMuted)
  row.querySelector(".muted")?.remove()
  if (isMuted) find(row, ".badges").before(contentOf("muted-template"))
}

/**
 * A message of the log as the last one of its group.
 * @param {import("../connection/protocol.js").TextMessage} message
 * @returns {LastMessage}
 */
export function lastOf({ seq, author, timestamp, deleted, ...text }) {
  return { seq, author, timestamp, deleted, text: deleted ? "" : lineOf(text) }
}

/**
 * A text's beginning on one line: the same as `shortened` in log/around.py makes of it.
 * @param {import("../connection/protocol.js").MessageText} text
 */
export function lineOf(text) {
  return excerpt(textOf(text))
}
