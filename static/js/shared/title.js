// The tab's title, with the number of messages that arrived while the tab was hidden. Reloads in a hidden tab keep it.

import { keyOf } from "./account.js"
import { keepInTab, keptInTab } from "./storage.js"

export class Title {
  #name = document.title
  #key
  #unseen

  /** @param {string} account */
  constructor(account) {
    this.#key = keyOf(account, "unseen", location.pathname)
    this.#unseen = document.hidden ? Number(keptInTab(this.#key)) : 0
    this.#show()
    document.addEventListener("visibilitychange", () => document.hidden || this.#clear())
  }

  /**
   * The page is called something else.
   * @param {string} before
   * @param {string} name
   */
  rename(before, name) {
    this.#name = this.#name.replace(before, () => name)
    this.#show()
  }

  count() {
    if (!document.hidden) return
    this.#unseen += 1
    this.#show()
  }

  #clear() {
    this.#unseen = 0
    this.#show()
  }

  #show() {
    keepInTab(this.#key, String(this.#unseen))
    document.title = this.#unseen ? `(${this.#unseen}) ${this.#name}` : this.#name
  }
}
