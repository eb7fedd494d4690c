// The form in which messages are written.

import { find } from "../shared/dom.js"

const NEAR = 500
const TYPING = 3_000
// The keyCode of keys that an input method uses, also of the one that ends a composition.
const COMPOSING = 229

export class Composer {
  #form
  #field
  #limit
  #counter
  #draft
  #send
  #sent = ""
  // By a clock that nobody sets: the time of day may go back.
  #typedAt = -Infinity
  #isComposing = false

  /**
   * Calls `send(text)` with a message that is neither blank nor too long.
   * @param {HTMLFormElement} form
   * @param {import("./draft.js").Draft} draft
   * @param {(text: string) => void} send
   */
  constructor(form, draft, send) {
    this.#form = form
    this.#field = find(form, "textarea", HTMLTextAreaElement)
    this.#limit = Number(this.#field.dataset.limit)
    this.#counter = find(form, ".composer-counter")
    this.#draft = draft
    this.#send = send
    // The page of a refused form contains its text.
    if (this.#field.value) draft.text = this.#field.value
    else this.#field.value = draft.text
    this.#listen()
    this.#measure()
  }

  focus() {
    this.#field.focus({ preventScroll: true })
  }

  /** Whether the user has stopped typing, so that a reload interrupts nobody. The draft is stored. */
  get isQuiet() {
    return !this.#isComposing && performance.now() - this.#typedAt > TYPING
  }

  #listen() {
    this.#form.addEventListener("submit", event => this.#submit(event))
    this.#field.addEventListener("keydown", event => this.#key(event))
    this.#field.addEventListener("input", () => this.#typed())
    this.#field.addEventListener("compositionstart", () => this.#composes(true))
    this.#field.addEventListener("compositionend", () => this.#composes(false))
    this.#field.enterKeyHint = enterSends() ? "send" : "enter"
  }

  /** @param {boolean} isComposing */
  #composes(isComposing) {
    this.#isComposing = isComposing
  }

  /** @param {SubmitEvent} event */
  #submit(event) {
    event.preventDefault()
    const text = this.#field.value
    if (text.trim() && this.#left(text) >= 0) {
      this.#sent = text
      this.#write("")
      this.#send(text)
    }
    this.#field.focus()
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    this.#typedAt = performance.now()
    if (event.isComposing || event.keyCode === COMPOSING) return
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && enterSends()) {
      event.preventDefault()
      this.#form.requestSubmit()
    }
    if (event.key === "ArrowUp" && this.#field.value === "" && this.#sent) {
      event.preventDefault()
      this.#write(this.#sent)
    }
  }

  /** @param {string} text */
  #write(text) {
    this.#field.value = text
    this.#typed()
  }

  #typed() {
    this.#typedAt = performance.now()
    this.#draft.text = this.#field.value
    this.#field.setAttribute("aria-invalid", String(this.#measure() < 0))
  }

  /** Shows how many characters are left, and returns it. */
  #measure() {
    const left = this.#left(this.#field.value)
    this.#counter.textContent = left > NEAR ? "" : left >= 0 ? `${left} left` : `${-left} too many`
    this.#counter.classList.toggle("over", left < 0)
    if (!CSS.supports("field-sizing", "content")) this.#grow()
    return left
  }

  /**
   * How many characters are left. The limit counts characters; a string's length counts some of them twice.
   * @param {string} text
   */
  #left(text) {
    const isNear = text.length > this.#limit - NEAR
    return this.#limit - (isNear ? [...text].length : text.length)
  }

  #grow() {
    this.#field.style.height = "auto"
    this.#field.style.height = `${this.#field.scrollHeight}px`
  }
}

// Touch keyboards have no Shift+Enter for a new line: there the button sends.
function enterSends() {
  return !matchMedia("(pointer: coarse)").matches
}
