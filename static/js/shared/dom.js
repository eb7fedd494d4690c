// Access to elements that a page's script needs. A missing one is a bug in the page, so it raises.

/**
 * The first element in `root` that matches, of this class. Raises if there is none.
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
 * A copy of all that is in the <template> with this id. Raises if there is no such template.
 * @param {string} id
 */
export function contentOf(id) {
  return document.importNode(find(document, `#${id}`, HTMLTemplateElement).content, true)
}

/**
 * A copy of the element in the <template> with this id. Raises if there is none.
 * @param {string} id
 */
export function cloned(id) {
  return find(contentOf(id), "*")
}

/**
 * The closest element around an event's target that matches, if it is of this class.
 * @template {Element} [T=HTMLElement]
 * @param {Event} event
 * @param {string} selector
 * @param {{ new (): T }} [kind]
 * @returns {T | null}
 */
export function around(event, selector, kind) {
  const element = event.target instanceof Element ? event.target.closest(selector) : null
  return element instanceof (kind ?? HTMLElement) ? /** @type {T} */ (element) : null
}
