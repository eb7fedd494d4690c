// Turns addresses in a text into links, in older and live entries alike.

const ADDRESS = /\bhttps?:\/\/[^\s<>"]+/gi
const CLOSING = /[.,:;!?'"…»”’)\]}]$/

/** @param {HTMLElement} text */
export function linkify(text) {
  const parts = split(text.textContent)
  if (parts.some(part => part instanceof Node)) text.replaceChildren(...parts)
}

/** @param {string} text */
function split(text) {
  /** @type {(string | HTMLAnchorElement)[]} */
  const parts = []
  let end = 0
  for (const { 0: match, index } of text.matchAll(ADDRESS)) {
    const address = trim(match)
    if (!URL.canParse(address)) continue
    parts.push(text.slice(end, index), link(address))
    end = index + address.length
  }
  return [...parts, text.slice(end)].filter(part => part !== "")
}

/**
 * A closing bracket belongs to the address if it was opened in it, as in many encyclopedias. Brackets are counted once:
 * searching the address again for each of ten thousand brackets would take a third of a second.
 * @param {string} address
 */
function trim(address) {
  let end = address.length
  let unopened = count(address, ")") - count(address, "(")
  while (CLOSING.test(address[end - 1])) {
    if (address[end - 1] === ")") {
      if (unopened <= 0) break
      unopened -= 1
    }
    end -= 1
  }
  return address.slice(0, end)
}

/**
 * @param {string} text
 * @param {string} character
 */
function count(text, character) {
  return text.split(character).length - 1
}

/** @param {string} address */
function link(address) {
  const anchor = document.createElement("a")
  anchor.href = address
  anchor.rel = "noopener nofollow ugc"
  anchor.textContent = address
  return anchor
}
