// The draft of a message to a group, stored across reloads: each tab's own, and for new tabs the latest.

import { forget, forgetInTab, keep, keepInTab, kept, keptInTab } from "../shared/storage.js"

export class Draft {
  #key

  /**
   * @param {string} user
   * @param {string} group
   */
  constructor(user, group) {
    this.#key = `discussit:draft:${user}:${group}`
  }

  get text() {
    return keptInTab(this.#key) ?? kept(this.#key) ?? ""
  }

  set text(text) {
    if (text) {
      keep(this.#key, text)
      keepInTab(this.#key, text)
    } else {
      forget(this.#key)
      forgetInTab(this.#key)
    }
  }
}
