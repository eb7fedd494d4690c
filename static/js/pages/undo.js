// The line that offers to join a group again, after its Leave was pressed on this page; and the one with which the page
// comes after Leave or Hide was pressed on the group's own page, whose Undo is a form.

import { find } from "../shared/dom.js"

export class Undo {
  #line
  #uuid = ""
  /** @type {HTMLElement | null} The line with which the page came. */
  #first = document.querySelector("#just-left")

  /**
   * @param {HTMLElement} line
   * @param {(uuid: string) => void} join
   */
  constructor(line, join) {
    this.#line = line
    find(line, "button").addEventListener("click", () => join(this.#uuid))
  }

  /**
   * @param {string} uuid
   * @param {string} name
   */
  offer(uuid, name) {
    this.#uuid = uuid
    find(this.#line, "bdi").textContent = name
    this.#line.hidden = false
    if (this.#first) this.#first.hidden = true
  }

  /**
   * The user is in the group again, or can't join it any more.
   * @param {string} uuid
   */
  withdraw(uuid) {
    if (uuid === this.#uuid) this.#line.hidden = true
    if (this.#first && uuid === this.#first.dataset.group) this.#first.hidden = true
  }
}

/** Takes what was left out of the address: a page that is loaded again has nothing to undo. */
export function forgetLeft() {
  const address = new URL(location.href)
  if (!address.searchParams.has("left")) return
  address.searchParams.delete("left")
  history.replaceState(history.state, "", address)
}
