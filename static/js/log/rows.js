// The rows of entries that come live: the same markup as the server's, from its <template>s.

import { attempt } from "../shared/attempt.js"
import { fillAvatar } from "../shared/avatar.js"
import { cloned, find } from "../shared/dom.js"
import { localize } from "../shared/times.js"
import { fillMessage } from "./message.js"

/** @typedef {import("../connection/protocol.js").EventMessage} EventMessage */
/** @typedef {import("../connection/protocol.js").GroupChanged} GroupChanged */
/** @typedef {import("../connection/protocol.js").TextMessage | EventMessage | GroupChanged} ShownEntry */
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
  const row = renderByType(entry)
  const time = find(row, "time", HTMLTimeElement)
  row.id = `seq-${entry.seq}`
  row.dataset.seq = String(entry.seq)
  find(row, ".entry-time", HTMLAnchorElement).href = `#${row.id}`
  time.dateTime = entry.timestamp
  localize(row)
  if (entry.type === "text_message") fillMessage(row, entry, here)
  return row
}

/** @param {ShownEntry} entry */
function renderByType(entry) {
  if (entry.type === "text_message") return renderMessage(entry)
  return entry.type === "event_message" ? renderEvent(entry) : renderGroupChange(entry)
}

/** @param {import("../connection/protocol.js").TextMessage} entry */
function renderMessage({ author, deleted }) {
  const row = named(deleted ? "withdrawn-template" : "message-template", author)
  fillAvatar(find(row, ".avatar"), author)
  return row
}

/** @param {EventMessage} entry */
function renderEvent({ user, status, by }) {
  if (!by) return named(`event-template-${status}`, user)
  // A superuser who joins as such does it themselves.
  const row = named(`event-template-${status}-${by === user ? "self" : "by"}`, user)
  if (by !== user) find(row, ".entry-by").textContent = by
  return row
}

/** @param {GroupChanged} entry */
function renderGroupChange(entry) {
  const row = named("group-changed-template", entry.user)
  find(row, ".entry-word").textContent = wordsOf(entry)
  return row
}

/**
 * What is said after the user's name.
 * @param {GroupChanged} entry
 */
export function wordsOf({ user, message }) {
  return message.startsWith(`${user} `) ? message.slice(user.length + 1) : message
}

/** @param {ShownEntry} entry */
function renderPlain(entry) {
  const [name, text] = plainTextOf(entry)
  const row = document.createElement("p")
  row.className = "entry"
  row.id = `seq-${entry.seq}`
  row.dataset.seq = String(entry.seq)
  row.dataset.name = name
  row.append(isolated("entry-name", name), " ", isolated("entry-text", text))
  return row
}

/** @param {ShownEntry} entry */
function plainTextOf(entry) {
  if (entry.type === "text_message") return [entry.author, entry.content]
  return [entry.user, entry.type === "event_message" ? entry.status : wordsOf(entry)]
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
