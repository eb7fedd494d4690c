// The emoji that an account has used last in this browser.

import { keyOf } from "../shared/account.js"
import { keep, kept } from "../shared/storage.js"

const KEPT = 6

/**
 * Six emoji, the last used first. Those that the server suggests fill the places of what has not been used yet.
 * @param {string} account
 * @returns {string[]}
 */
export function recent(account) {
  /** @type {HTMLElement | null} */
  const page = document.querySelector("#group")
  const suggested = (page?.dataset.suggested ?? "").split(" ").filter(Boolean)
  return [...new Set([...used(account), ...suggested])].slice(0, KEPT)
}

/**
 * Another tab may have noted some since.
 * @param {string} account
 * @param {string} emoji
 */
export function noteUsed(account, emoji) {
  const last = [...new Set([emoji, ...used(account)])].slice(0, KEPT)
  keep(keyOf(account, "emoji"), last.join(" "))
}

/** @param {string} account */
function used(account) {
  return (kept(keyOf(account, "emoji")) ?? "").split(" ").filter(Boolean)
}
