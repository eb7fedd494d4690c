// The beginning of a message on one line.

const LENGTH = 80 // characters
const BLOCKS = "p, blockquote, ul, ol, li, pre, br"

/**
 * The same as `shortened` in log/around.py.
 * @param {string} text
 */
export function excerpt(text) {
  const line = [...text.split(/\s+/).filter(Boolean).join(" ")]
  return line.length <= LENGTH ? line.join("") : `${line.slice(0, LENGTH).join("").replace(/ $/, "")}…`
}

/**
 * What a text's elements say, with white space between blocks: the same as text/words.py finds in its tree.
 * @param {ParentNode} text
 * @returns {string}
 */
export function words(text) {
  return [...text.childNodes].map(wordsOf).join("")
}

/** @param {Node} node */
function wordsOf(node) {
  if (node instanceof Text) return isHost(node.nextSibling) ? "" : node.data
  if (!(node instanceof Element) || isHost(node)) return ""
  return node.matches(BLOCKS) ? ` ${words(node)} ` : words(node)
}

/**
 * The host that stands beside a link, after a space.
 * @param {Node | null} node
 */
function isHost(node) {
  return node instanceof Element && node.matches(".link-host")
}
