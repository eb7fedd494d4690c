// The links to what is before and after the rows that are shown, for readers whose browser could not load that by itself.

import { cloned } from "../shared/dom.js"

export class EndLinks {
  #list
  #address

  /**
   * @param {HTMLElement} list
   * @param {string} address Of the group, up to a query's next field.
   */
  constructor(list, address) {
    this.#list = list
    this.#address = address
  }

  /**
   * Makes the links agree with what is shown.
   * @param {import("./window.js").LogWindow} shown
   */
  update({ hasEarlier, hasLater, first, last }) {
    this.#update("earlier", hasEarlier && `before=${first}`, link => this.#list.before(link))
    this.#update("later", hasLater && `after=${last}`, link => this.#list.after(link))
  }

  /**
   * @param {string} id
   * @param {string | false} query False: there is nothing.
   * @param {(link: HTMLElement) => void} insert
   */
  #update(id, query, insert) {
    const known = document.getElementById(id)
    if (!query) return known?.remove()
    const link = known ?? cloned(`${id}-template`)
    const address = this.#address + query
    if (link.getAttribute("href") !== address) link.setAttribute("href", address)
    link.id = id
    if (!known) insert(link)
  }
}
