// The same rules as hue() and initials() in pages/page.py, so that a name always has the same colour.

import { attempt } from "./attempt.js"

const HUES = 12

/**
 * The avatar stays empty if that fails.
 * @param {HTMLElement} avatar
 * @param {string} name
 */
export function fillAvatar(avatar, name) {
  attempt(() => {
    avatar.dataset.hue = String(hue(name))
    avatar.dataset.initials = initials(name)
  })
}

/** @param {string} name */
export function hue(name) {
  return new TextEncoder().encode(name).reduce((sum, byte) => sum + byte, 0) % HUES
}

/**
 * Two letters or digits, each with its marks and joiners: without them it may be another letter.
 * @param {string} name
 */
export function initials(name) {
  const letters = name.match(/[\p{L}\p{N}][\p{M}\u200c\u200d]*/gu) ?? []
  return letters.slice(0, 2).join("").toUpperCase() || "?"
}
