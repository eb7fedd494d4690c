// The form in which messages are written.

import { find } from "../shared/dom.js"
import { isLasting } from "../shared/storage.js"
import { growToFit, hasKeyboard, isComposing } from "../shared/typing.js"
import { charactersLeft, lengthNote } from "./length.js"

const TYPING = 3_000
export class Composer {
  #form
  #field
  #limit
  #counter
  #warning
  #draft
  #reply
  #send
  // By a clock that nobody sets: the time of day may go back.
  #typedAt = -Infinity
  #isComposing = false
  // What was in the field when it last agreed with the draft.
  #saved = ""
  // Whether another tab has changed the draft since.
  #isBehind = false

  /**
   * Calls `send(text)` with a message that is neither blank nor too long.
   * @param {HTMLFormElement} form
   * @param {import("./draft.js").Draft} draft
   * @param {import("./reply.js").Reply} reply
   * @param {(text: string) => void} send
   */
  constructor(form, draft, reply, send) {
    this.#form = form
    this.#field = find(form, "textarea", HTMLTextAreaElement)
    this.#limit = Number(this.#field.dataset.limit)
    this.#counter = find(form, ".composer-counter")
    this.#warning = find(form, ".composer-warning")
    this.#draft = draft
    this.#reply = reply
    this.#send = send
    // The page of a refused form contains its text.
    if (this.#field.value) draft.text = this.#field.value
    this.#listen()
    if (this.#field.value) this.#save()
    else this.#show(draft.text)
  }

  /** When the page opens. A touch keyboard would cover what is to be read. */
  focusFirst() {
    if (hasKeyboard()) this.#field.focus({ preventScroll: true })
  }

  /** Whether the user has stopped typing, so that a reload interrupts nobody. The draft is stored. */
  get isQuiet() {
    return !this.#isComposing && performance.now() - this.#typedAt > TYPING
  }

  get isEmpty() {
    return this.#field.value === ""
  }

  /** Whether there is no draft here, nor the beginning of one. */
  get isUntouched() {
    return this.isEmpty && !this.#isComposing && !this.#reply.seq
  }

  #listen() {
    this.#form.addEventListener("submit", event => this.#submit(event))
    this.#field.addEventListener("keydown", event => this.#key(event))
    this.#field.addEventListener("input", () => this.#typed())
    this.#field.addEventListener("compositionstart", () => this.#composes(true))
    this.#field.addEventListener("compositionend", () => this.#composes(false))
    this.#field.addEventListener("blur", () => this.#isBehind && this.restore())
    this.#draft.follow(before => this.#changed(before))
    addEventListener("pagehide", () => this.#field.value !== this.#saved && this.#save())
    this.#field.enterKeyHint = hasKeyboard() ? "send" : "enter"
  }

  /** @param {boolean} isBegun */
  #composes(isBegun) {
    this.#isComposing = isBegun
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault()
    const text = this.#field.value
    if (text.trim() && this.#left(text) >= 0) {
      this.#write("")
      this.#send(text)
    }
    this.#field.focus()
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    this.#typedAt = performance.now()
    if (isComposing(event)) return
    const mayBreakLine = !hasKeyboard() && !event.ctrlKey && !event.metaKey
    if (event.key === "Escape" && this.#reply.seq) this.#reply.take()
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && !mayBreakLine) {
      event.preventDefault()
      this.#form.requestSubmit()
    }
  }

  /** @param {string} text */
  #write(text) {
    this.#field.value = text
    this.#typed()
  }

  #typed() {
    this.#typedAt = performance.now()
    this.#save()
    this.#field.setAttribute("aria-invalid", String(this.#left(this.#saved) < 0))
  }

  // What is written on a text that another tab has changed meanwhile must not overwrite it there.
  #save() {
    if (this.#isBehind) this.#draft.fork()
    this.#isBehind = false
    this.#saved = this.#field.value
    this.#draft.text = this.#saved
    if (this.#saved) this.#reply.save()
    this.#warning.hidden = isLasting()
    this.#measure()
  }

  /** Shows the draft as another tab has stored it. */
  restore(text = this.#draft.latest) {
    this.#show(text)
    this.#reply.restore()
  }

  /** @param {string} text */
  #show(text) {
    // Setting the same text would move the caret.
    if (this.#field.value !== text) this.#field.value = text
    this.#saved = this.#field.value
    this.#isBehind = false
    this.#measure()
  }

  /**
   * Another tab has changed this draft. Nothing changes under the user's fingers; what was written in both tabs at the
   * same time becomes two drafts.
   * @param {string} [before] What it was changed from.
   */
  #changed(before = this.#saved) {
    const latest = this.#draft.latest
    const isTyping = document.activeElement === this.#field && document.hasFocus()
    if (!isTyping || latest === this.#field.value) return this.restore()
    const isConflict = !this.#isBehind && before !== this.#saved
    this.#isBehind = true
    if (isConflict) this.#save()
  }

  /** Shows how many characters are left. */
  #measure() {
    const left = this.#left(this.#field.value)
    this.#counter.textContent = lengthNote(left)
    this.#counter.classList.toggle("over", left < 0)
    growToFit(this.#field)
  }

  /** @param {string} text */
  #left(text) {
    return charactersLeft(text, this.#limit)
  }
}
