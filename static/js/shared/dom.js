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
 * A copy of the element in the <template> with this id. Raises if there is none.
 * @param {string} id
 */
export function cloned(id) {
  const content = document.importNode(find(document, `#${id}`, HTMLTemplateElement).content, true)
  return find(content, "*")
}

/**
 * The closest element around an event's target that matches.
 * @param {Event} event
 * @param {string} selector
 */
export function around(event, selector) {
  return event.target instanceof Element ? event.target.closest(selector) : null
}
