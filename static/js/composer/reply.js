// Which message the next one answers: named in the composer's form, as without a script, and kept with the draft.

import { excerpt } from "../log/excerpt.js"
import { followAnswered } from "../log/replies.js"
import { find } from "../shared/dom.js"

// Until its row is there: reply-line.js.
export const EARLIER = "an earlier message"

export class Reply {
  #field
  #line
  #link
  #text
  #draft

  /**
   * @param {HTMLFormElement} form
   * @param {import("./draft.js").Draft} draft
   */
  constructor(form, draft) {
    this.#field = find(form, "[name=reply_to]", HTMLInputElement)
    this.#line = find(form, ".composer-reply")
    this.#link = find(form, ".composer-reply-text", HTMLAnchorElement)
    this.#text = find(form, "textarea", HTMLTextAreaElement)
    this.#draft = draft
    find(form, ".composer-reply-drop").addEventListener("click", event => {
      event.preventDefault()
      this.take()
      this.#text.focus()
    })
    if (new URLSearchParams(location.search).has("reply")) draft.target = this.seq
    else if (draft.target && !this.#text.value) this.restore()
  }

  /** The seq of the message that is answered, if any. */
  get seq() {
    return Number(this.#field.value) || undefined
  }

  /**
   * What is written next answers this message.
   * @param {{ seq: number, author: string, text: string }} message
   */
  to({ seq, author, text }) {
    this.#show(seq)
    this.#name(author, excerpt(text))
    this.#draft.target = seq
    forgetInAddress()
    this.#text.focus()
  }

  /** The seq. What is written next answers none. */
  take() {
    const { seq } = this
    this.#show(undefined)
    this.#draft.target = undefined
    if (seq) forgetInAddress()
    return seq
  }

  /** Shows what the draft answers. */
  restore() {
    const { target } = this.#draft
    if (target === this.seq) return
    this.#show(target)
    this.#name("", EARLIER)
    this.#link.dispatchEvent(new Event("restored"))
  }

  /** What is written belongs to the draft, and so does what it answers. */
  save() {
    this.#draft.target = this.seq
  }

  /**
   * Follows a change of the message that is answered.
   * @param {import("../log/changes.js").RowChange} change
   */
  follow(change) {
    if (change.target === this.seq) followAnswered(this.#link, change)
  }

  /** @param {number | undefined} seq */
  #show(seq) {
    this.#field.value = String(seq ?? "")
    this.#line.hidden = !seq
    this.#link.classList.remove("deleted")
    this.#link.search = `?at=${seq}`
    this.#link.hash = `#seq-${seq}`
    const others = String(this.#text.getAttribute("aria-describedby")).replace("composer-reply-text ", "")
    this.#text.setAttribute("aria-describedby", (seq ? "composer-reply-text " : "") + others)
  }

  /**
   * @param {string} author
   * @param {string} text
   */
  #name(author, text) {
    find(this.#link, ".entry-reply-name").textContent = author
    find(this.#link, ".entry-reply-text").textContent = text
  }
}

/** A reload must not bring it back. */
function forgetInAddress() {
  const url = new URL(location.href)
  url.searchParams.delete("reply")
  history.replaceState(history.state, "", url)
}
