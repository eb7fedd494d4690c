// Which message the next one answers: named in the composer's form, as without a script.

import { followAnswered } from "../log/replies.js"
import { find } from "../shared/dom.js"

export class Reply {
  #field
  #line
  #text

  /** @param {HTMLFormElement} form */
  constructor(form) {
    this.#field = find(form, "[name=reply_to]", HTMLInputElement)
    this.#line = find(form, ".composer-reply")
    this.#text = find(form, "textarea")
    find(form, ".composer-reply-drop").addEventListener("click", event => {
      event.preventDefault()
      this.take()
      this.#text.focus()
    })
  }

  /** The seq of the message that is answered, if any. */
  get seq() {
    return Number(this.#field.value) || undefined
  }

  /** The same. What is written next answers none. */
  take() {
    const { seq } = this
    this.#field.value = ""
    this.#line.hidden = true
    const descriptions = String(this.#text.getAttribute("aria-describedby"))
    this.#text.setAttribute("aria-describedby", descriptions.replace("composer-reply-text ", ""))
    if (seq) forgetInAddress()
    return seq
  }

  /**
   * Follows a change of the message that is answered.
   * @param {import("../log/changes.js").RowChange} change
   */
  follow(change) {
    if (change.target === this.seq) followAnswered(find(this.#line, ".composer-reply-text"), change)
  }
}

/** A reload must not bring it back. */
function forgetInAddress() {
  const url = new URL(location.href)
  url.searchParams.delete("reply")
  history.replaceState(history.state, "", url)
}
