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
 * A copy of the element in the <template> of this id. Raises where there is none.
 * @param {string} id
 */
export function cloned(id) {
  const content = document.importNode(find(document, `#${id}`, HTMLTemplateElement).content, true)
  return find(content, "*")
}

/**
 * Where an event began, if an element that matches stands around that.
 * @param {Event} event
 * @param {string} selector
 */
export function around(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null
}
