// A message's text as it may have been typed: with the marks that the server reads, so that it can be sent again.

/** @type {{ [name: string]: [string, string] }} What is around an element's content. */
const MARKS = {
  STRONG: ["**", "**"],
  EM: ["*", "*"],
  S: ["~~", "~~"],
  CODE: ["`", "`"],
  P: ["", "\n\n"],
  UL: ["", "\n"],
  OL: ["", "\n"],
  BR: ["\n", ""],
}

/**
 * @param {ParentNode} text
 * @returns {string}
 */
export function markedTextOf(text) {
  return contentOf(text).trim()
}

/** @param {ParentNode} parent */
function contentOf(parent) {
  return [...parent.childNodes].map(markedOf).join("")
}

/**
 * @param {Node} node
 * @returns {string}
 */
function markedOf(node) {
  if (node instanceof Text) return isHost(node.nextSibling) ? "" : node.data
  // Buttons belong to the page.
  if (!(node instanceof HTMLElement) || isHost(node) || node.matches("button")) return ""
  if (node instanceof HTMLPreElement) return `\`\`\`${node.dataset.language ?? ""}\n${codeIn(node)}\n\`\`\`\n\n`
  const content = contentOf(node)
  if (node instanceof HTMLAnchorElement) return isHost(node.nextElementSibling) ? `[${content}](${node.href})` : content
  if (node instanceof HTMLQuoteElement) return `${quoted(content.trim())}\n\n`
  if (node instanceof HTMLLIElement) return `${markerOf(node)} ${content.trim().replaceAll("\n", "\n  ")}\n`
  if (node.matches("li > :is(ul, ol)")) return `\n${content}`
  const [before, after] = MARKS[node.tagName] ?? ["", ""]
  return before + content + after
}

/**
 * The host that stands beside a link, after a space.
 * @param {Node | null} node
 */
function isHost(node) {
  return node instanceof Element && node.matches(".link-host")
}

/** @param {HTMLElement} block */
function codeIn(block) {
  return String(block.querySelector("code")?.textContent).replace(/\n$/, "")
}

/** @param {string} text */
function quoted(text) {
  return text.replaceAll(/^/gm, "> ").replaceAll(/^> $/gm, ">")
}

/** @param {HTMLLIElement} item */
function markerOf(item) {
  const list = item.parentElement
  return list instanceof HTMLOListElement ? `${list.start + [...list.children].indexOf(item)}.` : "-"
}
