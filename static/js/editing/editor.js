// A form in the place of a message's text. Its row is never redrawn while it is there.

import { complete } from "../completion/complete.js"
import { charactersLeft, lengthNote } from "../composer/length.js"
import { around, cloned, find } from "../shared/dom.js"
import { growToFit, hasKeyboard, isComposing } from "../shared/typing.js"

/**
 * What the form is for: an edit; one of a text that has changed meanwhile, or is gone; or a message that isn't sent yet.
 * @typedef {"edit" | "changed" | "gone" | "unsent"} Purpose
 */
/** @type {Record<Purpose, { save: string, ways: string[] }>} Which buttons it has, and what the first one says. */
const WAYS = {
  edit: { save: "Save", ways: ["save", "close"] },
  changed: { save: "Save my version", ways: ["save", "other", "close"] },
  gone: { save: "Send as new message", ways: ["save", "discard"] },
  unsent: { save: "Save and send", ways: ["save", "close", "discard"] },
}
/** @typedef {"save" | "close" | "other" | "discard"} Way */

export class Editor {
  #row
  #form
  #field
  #counter
  #problem
  #limit
  #completion

  /**
   * Calls `act(way)` for the button that is pressed, or the key that does the same; `typed()` after each change.
   * @param {HTMLElement} row
   * @param {{ text: string, limit: number, act: (way: Way) => void, typed: () => void }} options
   */
  constructor(row, { text, limit, act, typed }) {
    this.#row = row
    this.#limit = limit
    this.#form = /** @type {HTMLFormElement} */ (cloned("editor-template"))
    this.#field = find(this.#form, "textarea", HTMLTextAreaElement)
    this.#counter = find(this.#form, ".editor-counter")
    this.#problem = find(this.#form, ".editor-problem")
    this.#describe()
    this.#listen(act, typed)
    find(row, ".entry-text, .entry-deleted").after(this.#form)
    this.#completion = complete(this.#field, { page: find(document, "#group"), anchor: this.#form })
    row.classList.add("editing")
    this.text = text
    this.show("edit")
  }

  get text() {
    return this.#field.value
  }

  set text(text) {
    this.#field.value = text
    this.#measure()
  }

  get isTooLong() {
    return charactersLeft(this.text, this.#limit) < 0
  }

  get hasFocus() {
    return this.#form.contains(document.activeElement)
  }

  /** Whether somebody is typing in it. */
  get isInUse() {
    return document.activeElement === this.#field && document.hasFocus()
  }

  /** With the caret at the end, and all of the form in view. */
  focus() {
    this.#field.focus({ preventScroll: true })
    this.#field.setSelectionRange(this.text.length, this.text.length)
    this.#form.scrollIntoView({ block: "nearest" })
  }

  /**
   * @param {Purpose} purpose
   * @param {string} [problem] What to know before saving.
   */
  show(purpose, problem = "") {
    const { save, ways } = WAYS[purpose]
    for (const button of this.#form.querySelectorAll("button")) {
      button.hidden = !ways.includes(button.value)
      if (button.value === "save") button.textContent = save
    }
    this.#row.classList.toggle("edited-elsewhere", purpose === "changed")
    this.#problem.hidden = !problem
    // The same sentence again would be said again.
    if (this.#problem.textContent !== problem) this.#problem.textContent = problem
  }

  /** The text is shown in its place again. */
  remove() {
    this.#completion.end()
    this.#row.classList.remove("editing", "edited-elsewhere")
    this.#form.remove()
  }

  #describe() {
    const id = `editor-${this.#row.dataset.seq ?? this.#row.dataset.clientId}`
    this.#problem.id = `${id}-problem`
    this.#counter.id = `${id}-counter`
    this.#field.setAttribute("aria-describedby", `${this.#problem.id} ${this.#counter.id}`)
  }

  /**
   * @param {(way: Way) => void} act
   * @param {() => void} typed
   */
  #listen(act, typed) {
    this.#form.addEventListener("submit", event => {
      event.preventDefault()
      act("save")
    })
    this.#form.addEventListener("click", event => {
      const button = around(event, "button[type=button]", HTMLButtonElement)
      if (button) act(/** @type {Way} */ (button.value))
    })
    this.#form.addEventListener("keydown", event => this.#press(event, act))
    this.#field.addEventListener("input", () => {
      this.#measure()
      typed()
    })
    this.#field.enterKeyHint = hasKeyboard() ? "done" : "enter"
  }

  /**
   * @param {KeyboardEvent} event
   * @param {(way: Way) => void} act
   */
  #press(event, act) {
    if (event.defaultPrevented || isComposing(event)) return
    const way = event.key === "Escape" ? "close" : event.target === this.#field && saves(event) ? "save" : null
    if (!way) return
    event.preventDefault()
    act(way)
  }

  #measure() {
    const left = charactersLeft(this.text, this.#limit)
    this.#counter.textContent = lengthNote(left)
    this.#field.setAttribute("aria-invalid", String(left < 0))
    growToFit(this.#field)
  }
}

/** @param {KeyboardEvent} event */
function saves({ key, ctrlKey, metaKey, shiftKey, altKey }) {
  return key === "Enter" && (ctrlKey || metaKey || (hasKeyboard() && !shiftKey && !altKey))
}
