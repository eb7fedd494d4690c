// The line that offers to join a group again, after its Leave was pressed on this page.

import { find } from "../shared/dom.js"

export class Undo {
  #line
  #uuid = ""

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
  }

  /**
   * The user is in the group again, or can't join it any more.
   * @param {string} uuid
   */
  withdraw(uuid) {
    if (uuid === this.#uuid) this.#line.hidden = true
  }
}
