// Turns addresses in a text into links, in older and live entries alike.

import { attempt } from "./attempt.js"

const ADDRESS = /\bhttps?:\/\/[^\s<>"]+/gi
const CLOSING = /[.,:;!?'"…»”’)\]}]$/

/**
 * The text stays as it is if that fails, and if it has elements: then it is a rich one, which has its links.
 * @param {HTMLElement} text
 */
export function linkify(text) {
  attempt(() => {
    if (text.firstElementChild) return
    const addresses = addressesIn(text.textContent)
    if (addresses.length) text.replaceChildren(...split(text.textContent, addresses))
  })
}

/**
 * The addresses in a text, and where each begins.
 * @param {string} text
 */
export function addressesIn(text) {
  return [...text.matchAll(ADDRESS)]
    .map(({ 0: match, index }) => ({ address: trim(match), index }))
    .filter(({ address }) => isAddress(address))
}

// Not URL.canParse: Chrome has it since version 120, Safari since 17.
/** @param {string} text */
function isAddress(text) {
  try {
    return Boolean(new URL(text))
  } catch {
    return false
  }
}

/**
 * @param {string} text
 * @param {{ address: string, index: number }[]} addresses
 */
function split(text, addresses) {
  /** @type {(string | HTMLAnchorElement)[]} */
  const parts = []
  let end = 0
  for (const { address, index } of addresses) {
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
