// The tab's title, with the number of messages that arrived while the tab was hidden. Reloads in a hidden tab keep it.

import { keepInTab, keptInTab } from "./storage.js"

export class Title {
  #name = document.title
  #key = `discussit:unseen:${location.pathname}`
  #unseen = document.hidden ? Number(keptInTab(this.#key)) : 0

  constructor() {
    this.#show()
    document.addEventListener("visibilitychange", () => document.hidden || this.#clear())
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
