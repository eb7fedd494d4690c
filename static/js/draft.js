// What is being written for a group, kept across reloads.

import { forget, keep, kept } from "./storage.js"

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
    return kept(this.#key) ?? ""
  }

  set text(text) {
    if (text) keep(this.#key, text)
    else forget(this.#key)
  }
}
