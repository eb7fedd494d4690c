// What is being written for a group, kept across reloads: for a new tab what was written last, for each tab its own.

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
