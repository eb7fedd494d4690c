// The button that leads to the newest messages, with the number of those that came while the reader was further up.

import { find } from "../shared/dom.js"

export class NewestButton {
  #button
  #scroll
  #count = 0

  /**
   * @param {HTMLElement} button
   * @param {import("./scroll.js").Scroll} scroll
   * @param {() => void} pressed
   */
  constructor(button, scroll, pressed) {
    this.#button = button
    this.#scroll = scroll
    button.addEventListener("click", pressed)
  }

  /** Counts a message, unless the end of the log is in view. */
  count() {
    this.#count += 1
  }

  /** Shows the button while the end is out of view. */
  update() {
    const isAtNewest = this.#scroll.isAtNewest
    if (isAtNewest) this.#count = 0
    const text = this.#count ? `${this.#count.toLocaleString("en")} new` : "Latest"
    const label = find(this.#button, "span")
    if (label.textContent !== text) label.textContent = text
    this.#button.hidden = isAtNewest
  }
}
