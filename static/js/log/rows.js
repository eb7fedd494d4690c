// The rows of entries that come live: the same markup as the server's, from its <template>s.

import { attempt } from "../shared/attempt.js"
import { fillAvatar } from "../shared/avatar.js"
import { cloned, find } from "../shared/dom.js"
import { localize } from "../shared/times.js"
import { fillMessage } from "./message.js"

/** @typedef {import("../connection/protocol.js").TextMessage | import("../connection/protocol.js").EventMessage} ShownEntry */
/**
 * Whose page it is, and the group's address.
 * @typedef {{ user: string, address: string }} Here
 */

/**
 * A row in any case: without its decoration, or plain, where the entry can't be rendered otherwise.
 * @param {ShownEntry} entry
 * @param {Here} here
 */
export function rowOf(entry, here) {
  return attempt(() => render(entry, here)) ?? renderPlain(entry)
}

/**
 * @param {ShownEntry} entry
 * @param {Here} here
 */
function render(entry, here) {
  const row = entry.type === "text_message" ? renderMessage(entry) : renderEvent(entry)
  const time = find(row, "time", HTMLTimeElement)
  row.id = `seq-${entry.seq}`
  row.dataset.seq = String(entry.seq)
  find(row, ".entry-time", HTMLAnchorElement).href = `#${row.id}`
  time.dateTime = entry.timestamp
  localize(row)
  if (entry.type === "text_message") fillMessage(row, entry, here)
  return row
}

/** @param {import("../connection/protocol.js").TextMessage} entry */
function renderMessage({ author, deleted }) {
  const row = named(deleted ? "withdrawn-template" : "message-template", author)
  fillAvatar(find(row, ".avatar"), author)
  return row
}

/** @param {import("../connection/protocol.js").EventMessage} entry */
function renderEvent({ user, status }) {
  return named(`event-template-${status}`, user)
}

/** @param {ShownEntry} entry */
function renderPlain(entry) {
  const [name, text] = entry.type === "text_message" ? [entry.author, entry.content] : [entry.user, entry.status]
  const row = document.createElement("p")
  row.className = "entry"
  row.id = `seq-${entry.seq}`
  row.dataset.seq = String(entry.seq)
  row.dataset.name = name
  row.append(isolated("entry-name", name), " ", isolated("entry-text", text))
  return row
}

/**
 * @param {string} className
 * @param {string} text
 */
function isolated(className, text) {
  const part = document.createElement("bdi")
  part.className = className
  part.textContent = text
  return part
}

/**
 * @param {string} template
 * @param {string} name
 */
function named(template, name) {
  const row = cloned(template)
  row.dataset.name = name
  find(row, ".entry-name").textContent = name
  return row
}
