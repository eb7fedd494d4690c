// What screen readers say of a row that gets the focus: "alice, 14:05, see you there, edited, 👍 2". Whoever reads the
// log without moving the focus hears the row's elements themselves, so other rows have no name.

import { words } from "./excerpt.js"

const HEAD = ".entry-name, .entry-time, .entry-reply"
// Of an edit that is on its way, what is shown instead of the text.
const TEXT = ":not(.is-edited-here) > .entry-text, .entry-pending-text:not(:empty), .pending-mark, .entry-deleted"
const PARTS = `${HEAD}, ${TEXT}, .entry-edited, .unsaved-edit [value=reopen], .reaction, .entry-replies`

/** @param {HTMLElement} row A folded run has a name of its own. */
export function nameRow(row) {
  if (!row.dataset.seq) return
  row.setAttribute("aria-label", nameOf(row))
  // A paragraph can't be named.
  if (row.matches("p")) row.setAttribute("role", "group")
}

/** @param {HTMLElement} row */
export function unnameRow(row) {
  if (!row.dataset.seq) return
  row.removeAttribute("aria-label")
  row.removeAttribute("role")
}

/** @param {HTMLElement} row */
function nameOf(row) {
  const parts = row.matches(".message") ? [...row.querySelectorAll(PARTS)] : [row]
  return parts.map(part => collapsed(words(part))).join(", ")
}

/** @param {string} text */
function collapsed(text) {
  return text.split(/\s+/).filter(Boolean).join(" ")
}
