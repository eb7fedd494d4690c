// The name of the tab, with the number of messages that came while nobody looked.

export class Title {
  #name = document.title
  #unseen = 0

  constructor() {
    document.addEventListener("visibilitychange", () => document.hidden || this.#clear())
  }

  count() {
    if (!document.hidden) return
    this.#unseen += 1
    document.title = `(${this.#unseen}) ${this.#name}`
  }

  #clear() {
    this.#unseen = 0
    document.title = this.#name
  }
}
