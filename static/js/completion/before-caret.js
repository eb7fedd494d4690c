// What is being typed before the caret: the beginning of a name after "@", or of an emoji's alias after ":". The same rules
// as the server's in discussit/text/, where they can be told while the text is not finished.

// Characters of names, from their end: see is_in_names() in text/mentions.py.
const NAME = /[\p{L}\p{N}\p{Mn}\p{Mc}@.+\-_\u00b7\u0375\u05f3\u05f4\u30fb\u0f0b\u200c\u200d]*$/u
const MAX_NAME = 150
// At least two characters, so that faces such as :p stay, and one that is no digit, so that 10:30 does.
const ALIAS = /(?<![\p{L}\p{N}_:]):(?!\d+$)([a-z0-9_+-]{2,64})$/u
// A letter or digit of a script that has spaces between its words: see is_spaced() in text/scripts.py.
const SPACED =
  /(?![\u3040-\u30ff\uff66-\uff9f\u3005\u3400-\u9fff\uf900-\ufaff\u{20000}-\u{3ffff}\u1100-\u11ff\u3130-\u318f\uac00-\ud7af\u0e00-\u109f\u1780-\u17ff])[\p{L}\p{N}]$/u
const ADDRESS = /(?:https?:\/\/|www\.)[^\s<>"]*$/i
const QUOTE = /^>(?:[> ]|$)/
const FENCE = /^ {0,3}(`{3,})[^`]*$/

/** @typedef {{ sign: "@" | ":", term: string, start: number }} Typed `start`: where the sign is in the text. */

/**
 * Null where nothing is to be completed: within words, addresses, times and code, and names within quotes.
 * @param {string} text The text up to the caret.
 * @returns {Typed | null}
 */
export function typedBefore(text) {
  const line = text.slice(text.lastIndexOf("\n") + 1)
  const found = nameIn(line) ?? aliasIn(line)
  if (!found || isInAddress(line, found.start) || isInCode(text)) return null
  return { ...found, start: text.length - line.length + found.start }
}

/**
 * @param {string} line
 * @returns {Typed | null}
 */
function nameIn(line) {
  const run = line.slice(-MAX_NAME - 1).match(NAME)?.[0] ?? ""
  const begin = line.length - run.length
  const place = [...run.matchAll(/@/g)].find(({ index }) => mayMention(line.slice(0, begin + index)))
  if (!place || QUOTE.test(line)) return null
  return { sign: "@", term: run.slice(place.index + 1), start: begin + place.index }
}

/**
 * Whether an "@" after this may begin a name, as after _ where that begins emphasis.
 * @param {string} before
 */
function mayMention(before) {
  return !SPACED.test(before) && !/[@.+\-_]$/.test(before.replace(/(?<=^|\s)_$/, ""))
}

/**
 * @param {string} line
 * @returns {Typed | null}
 */
function aliasIn(line) {
  const match = line.match(ALIAS)
  return match && { sign: ":", term: match[1], start: Number(match.index) }
}

/**
 * @param {string} line
 * @param {number} start
 */
function isInAddress(line, start) {
  return ADDRESS.test(line.slice(0, start))
}

/**
 * Whether the text ends within a fence, or after a backtick of this line that nothing has closed.
 * @param {string} text
 */
function isInCode(text) {
  const lines = text.split("\n")
  const last = String(lines.pop())
  return hasOpenFence(lines) || hasOpenTicks(last)
}

/** @param {string[]} lines */
function hasOpenFence(lines) {
  let open = ""
  for (const line of lines) {
    if (!open) open = line.match(FENCE)?.[1] ?? ""
    else if (line.trimEnd().endsWith(open)) open = ""
  }
  return open !== ""
}

/** @param {string} line */
function hasOpenTicks(line) {
  const runs = line.match(/`+(?!`)/g) ?? []
  let open = ""
  for (const run of runs) open = open === "" ? run : run === open ? "" : open
  return open !== ""
}
