// The buttons that copy and share a new link. Without a script people copy it from its field.

import { copy } from "../shared/clipboard.js"
import { find } from "../shared/dom.js"

const NOT_COPIED = "Couldn't copy the link. It's selected, so you can copy it yourself."
const NOT_SHARED = "Couldn't share the link. Copy it instead."

export class NewLink {
  #field
  #outcome

  /**
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} ways
   */
  constructor(field, ways) {
    this.#field = field
    this.#outcome = find(ways, "#link-outcome")
    const share = find(ways, "#share-link")
    find(ways, "#copy-link").addEventListener("click", () => this.#copy())
    share.addEventListener("click", () => this.#share())
    share.hidden = !("share" in navigator)
    ways.hidden = false
  }

  async #copy() {
    // Emptied first, so that a second copy is announced as well.
    this.#outcome.textContent = ""
    const isCopied = await copy(this.#field.value)
    this.#outcome.textContent = isCopied ? "Copied" : NOT_COPIED
    if (isCopied) return
    this.#field.focus()
    this.#field.select()
  }

  async #share() {
    this.#outcome.textContent = ""
    try {
      await navigator.share({ url: this.#field.value })
    } catch (error) {
      const isCancelled = error instanceof DOMException && error.name === "AbortError"
      if (!isCancelled) this.#outcome.textContent = NOT_SHARED
    }
  }
}
