// Finds emoji by what they are called.

const EXACT_ALIAS = 0
const ALIAS_BEGINS = 1
const WORD = 2
const WORDS_BEGIN = 3
const WITHIN = 4
const NOT_FOUND = 5

// An accent that was taken off its letter.
const MARKS = /[\u0300-\u036f]/g
// What is between words. Their parts are words as well.
const BETWEEN = /[\s:,_()“”"-]+/g

/** @type {WeakMap<import("./data.js").Emoji, string>} Their words, each after a space, in the first search. */
const texts = new WeakMap()

/**
 * At most `limit` emoji for what was typed: by an alias, then by the beginning of one, by words of the name, the aliases
 * and the tags, by their beginnings, and by any part of them. Several words must all be found.
 * @param {import("./data.js").EmojiData} data
 * @param {string} term With or without colons; or the emoji itself.
 * @param {number} limit
 * @returns {import("./data.js").Emoji[]}
 */
export function search(data, term, limit) {
  const own = data.byCharacter.get(term.trim())
  if (own) return [own]
  const alias = term.toLowerCase().replaceAll(":", " ").trim().replaceAll(/\s+/g, "_")
  return alias ? ranked(data, alias, spaced(term)).slice(0, limit) : []
}

/**
 * @param {import("./data.js").EmojiData} data
 * @param {string} alias
 * @param {string} text
 */
function ranked(data, alias, text) {
  const words = text.trim().split(" ").filter(Boolean)
  /** @type {import("./data.js").Emoji[][]} */
  const found = Array.from({ length: NOT_FOUND }, () => [])
  for (const emoji of data.byCharacter.values()) found[rankOf(emoji, alias, words)]?.push(emoji)
  return found.flat()
}

/**
 * @param {import("./data.js").Emoji} emoji
 * @param {string} alias
 * @param {string[]} words
 */
function rankOf(emoji, alias, words) {
  const best = Math.min(...emoji.aliases.map(each => aliasRank(each, alias)))
  if (best < NOT_FOUND || words.length === 0) return best
  const text = textOf(emoji)
  return Math.max(...words.map(word => wordRank(text, word)))
}

/**
 * @param {string} alias
 * @param {string} term
 */
function aliasRank(alias, term) {
  if (alias === term) return EXACT_ALIAS
  return alias.startsWith(term) ? ALIAS_BEGINS : NOT_FOUND
}

/**
 * @param {string} text
 * @param {string} word
 */
function wordRank(text, word) {
  if (!text.includes(word)) return NOT_FOUND
  if (text.includes(` ${word} `)) return WORD
  return text.includes(` ${word}`) ? WORDS_BEGIN : WITHIN
}

/** @param {import("./data.js").Emoji} emoji */
function textOf(emoji) {
  const text = texts.get(emoji) ?? spaced(`${emoji.name} ${emoji.aliases.join(" ")} ${emoji.tags}`)
  texts.set(emoji, text)
  return text
}

/**
 * The words of a text in lower case and without accents, each between spaces.
 * @param {string} text
 */
function spaced(text) {
  return ` ${text.toLowerCase().replaceAll("’", "'").normalize("NFD").replaceAll(MARKS, "").replaceAll(BETWEEN, " ")} `
}
