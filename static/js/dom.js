// What a page's script needs of the page. Where it is missing the page is wrong: that must not go on silently.

/**
 * The first element in `root` that matches, of this class. Raises where there is none.
 * @template {Element} [T=HTMLElement]
 * @param {ParentNode} root
 * @param {string} selector
 * @param {{ new (): T }} [kind]
 * @returns {T}
 */
export function find(root, selector, kind) {
  const element = root.querySelector(selector)
  if (!(element instanceof (kind ?? HTMLElement))) throw new Error(`there is no ${selector} here`)
  return /** @type {T} */ (element)
}

/**
 * A copy of the one element in this <template>.
 * @param {string} template
 */
export function cloned(template) {
  const { firstElementChild } = find(document, template, HTMLTemplateElement).content
  return /** @type {HTMLElement} */ (firstElementChild?.cloneNode(true))
}

/**
 * Where an event began, if an element that matches stands around that.
 * @param {Event} event
 * @param {string} selector
 */
export function around(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null
}
