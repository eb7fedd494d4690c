// A message's text as it was typed.

import { ask } from "../shared/ask.js"

const NOT_LOADED = "The message's text couldn't be loaded. Check your connection and try again."

/** @typedef {{ text: string, rev: number }} Source */

/**
 * Returns a sentence that says why, if it can't be read. The server is asked only for what its row doesn't show.
 * @param {HTMLElement} row
 * @param {string} address Of the group.
 * @returns {Promise<Source | string>}
 */
export async function sourceOf(row, address) {
  const plain = plainSourceOf(row)
  if (plain) return plain
  const answer = await ask(`${address}messages/${row.dataset.seq}/edit/`)
  const [object] = answer?.objects ?? []
  if (object?.type === "source") return { text: object.content, rev: object.rev }
  return object?.type === "error" ? object.message : NOT_LOADED
}

/**
 * Of a text without a body, which has nothing in it but itself and links. A body begins with a paragraph or another block.
 * @param {HTMLElement} row
 * @returns {Source | null}
 */
export function plainSourceOf(row) {
  const text = row.querySelector(".entry-text")
  if (!text || [...text.children].some(child => !child.matches("a"))) return null
  return { text: text.textContent, rev: Number(row.dataset.rev ?? 0) }
}
