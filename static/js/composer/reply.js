// Which message the next one answers: named in the composer's form, as without a script.

import { followAnswered } from "../log/replies.js"
import { find } from "../shared/dom.js"

export class Reply {
  #field
  #line
  #address

  /**
   * @param {HTMLFormElement} form
   * @param {string} address Of the page without a reply.
   */
  constructor(form, address) {
    this.#field = find(form, "[name=reply_to]", HTMLInputElement)
    this.#line = find(form, ".composer-reply")
    this.#address = address
    find(form, ".composer-reply-drop").addEventListener("click", event => {
      event.preventDefault()
      this.take()
    })
  }

  /** The seq of the message that is answered, if any. What is written next answers none. */
  take() {
    const seq = Number(this.#field.value) || undefined
    this.#field.value = ""
    this.#line.hidden = true
    // A reload must not bring it back.
    if (seq) history.replaceState(history.state, "", this.#address)
    return seq
  }

  /**
   * Follows a change of the message that is answered.
   * @param {import("../log/changes.js").RowChange} change
   */
  follow(change) {
    if (change.target === Number(this.#field.value)) followAnswered(find(this.#line, ".composer-reply-text"), change)
  }
}
