// How long a message may be. The limit counts characters; a string's length counts some of them twice.

const NEAR = 500

/**
 * How many characters are left.
 * @param {string} text
 * @param {number} limit
 */
export function charactersLeft(text, limit) {
  const isNear = text.length > limit - NEAR
  return limit - (isNear ? [...text].length : text.length)
}

/**
 * What a counter says; nothing while the limit is far away.
 * @param {number} left
 */
export function lengthNote(left) {
  if (left > NEAR) return ""
  const count = Math.abs(left)
  return `${count} ${count === 1 ? "character" : "characters"} ${left < 0 ? "too long" : "left"}`
}
