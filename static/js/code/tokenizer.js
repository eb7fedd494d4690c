// What the parts of a code's text are, for colours: strings, comments, keywords, as far as one pass over it can say.

import { languageOf } from "./languages.js"

/** @typedef {import("./languages.js").Kind} Kind */
/** @typedef {{ start: number, end: number, kind: Kind }} Token */

/**
 * The parts that have a kind, in order, without overlaps. Takes time in proportion to the text.
 * @param {string} text
 * @param {string} language Of an unknown one there are none.
 * @returns {Token[]}
 */
export function tokens(text, language) {
  const known = languageOf(language)
  return known ? tokensIn(text, known) : []
}

/**
 * @param {string} text
 * @param {import("./languages.js").Language} language
 * @returns {Token[]}
 */
function tokensIn(text, { pattern, meanings }, offset = 0) {
  /** @type {Token[]} */
  const found = []
  for (const match of text.matchAll(pattern)) {
    const start = match.index
    const end = start + match[0].length
    const meaning = meanings[match.findIndex((group, number) => number > 0 && group !== undefined) - 1]
    if (typeof meaning === "object") {
      for (const token of tokensIn(match[0], meaning, offset + start)) found.push(token)
    } else {
      const kind = typeof meaning === "function" ? meaning(match[0], text, end) : meaning
      if (kind) found.push({ start: offset + start, end: offset + end, kind })
    }
  }
  return found
}
