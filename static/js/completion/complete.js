// Completes names after "@" and emoji after ":" in a field. It follows the text, not the keys: with touch keyboards and
// input methods, keys tell nothing.

import { isComposing } from "../shared/typing.js"
import { typedBefore } from "./before-caret.js"
import { EmojiNames } from "./emoji-names.js"
import { insert } from "./insert.js"
import { People } from "./people.js"
import { Suggestions } from "./suggestions.js"

/** @typedef {import("./suggestions.js").Suggestion} Suggestion */
/**
 * `suggest` calls `changed()` when it has more. `chosen`: what was inserted.
 * @typedef {{
 *   label: string,
 *   suggest: (term: string, changed: () => void) => Suggestion[],
 *   chosen?: (text: string) => void,
 * }} Source
 */

/**
 * Has a field of the group's page complete what is typed, until `end()` is called.
 * @param {HTMLTextAreaElement} field
 * @param {{ page: HTMLElement, anchor?: HTMLElement }} options `anchor`: what the list is beside, and as wide as.
 */
export function complete(field, { page, anchor = field }) {
  const { account = "" } = document.body.dataset
  return new Completion(field, anchor, { "@": new People(page), ":": new EmojiNames(account) })
}

class Completion {
  #field
  #sources
  #suggestions
  /** @type {Source | undefined} Of what is shown. */
  #source
  /** @type {number | null} Where the sign is that is being completed. */
  #start = null
  /** @type {number | null} Where one is whose list the user has closed. */
  #dismissed = null
  #end = new AbortController()
  /** @type {{ [key: string]: () => void }} */
  #keys = {
    ArrowUp: () => this.#suggestions.step(-1),
    ArrowDown: () => this.#suggestions.step(1),
    Enter: () => this.#suggestions.choose(),
    Tab: () => this.#suggestions.choose(),
    Escape: () => this.#dismiss(),
  }

  /**
   * @param {HTMLTextAreaElement} field
   * @param {HTMLElement} anchor
   * @param {{ "@": Source, ":": Source }} sources
   */
  constructor(field, anchor, sources) {
    this.#field = field
    this.#sources = sources
    this.#suggestions = new Suggestions(field, anchor, suggestion => this.#insert(suggestion))
    const { signal } = this.#end
    field.addEventListener("input", () => this.#typed(), { signal })
    field.addEventListener("blur", () => this.#close(), { signal })
    // Before the field's own listeners: Enter would send, and Escape cancel.
    field.addEventListener("keydown", event => this.#press(event), { signal, capture: true })
    document.addEventListener("selectionchange", () => this.#refresh(), { signal })
    document.addEventListener("scroll", () => this.#suggestions.place(), { signal, capture: true, passive: true })
    for (const view of [window, visualViewport]) {
      view?.addEventListener("resize", () => this.#suggestions.place(), { signal })
    }
  }

  end() {
    this.#end.abort()
    this.#suggestions.end()
  }

  #typed() {
    this.#start = this.#current()?.start ?? null
    if (this.#start !== this.#dismissed) this.#dismissed = null
    this.#refresh()
  }

  /** Shows what fits now, as long as the caret is where something is being completed. */
  #refresh() {
    const typed = this.#start === null || this.#start === this.#dismissed ? null : this.#current()
    if (!typed || typed.start !== this.#start) return this.#close()
    this.#source = this.#sources[typed.sign]
    this.#suggestions.show(
      this.#source.suggest(typed.term, () => this.#refresh()),
      this.#source.label,
    )
  }

  /** What is being typed before the caret. */
  #current() {
    const { selectionStart, selectionEnd, value } = this.#field
    if (selectionStart !== selectionEnd || document.activeElement !== this.#field) return null
    return typedBefore(value.slice(0, selectionStart))
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    if (!this.#suggestions.isOpen || !Object.hasOwn(this.#keys, event.key)) return
    if (isComposing(event)) return
    if (event.shiftKey || event.altKey || event.ctrlKey || event.metaKey) return
    event.preventDefault()
    event.stopImmediatePropagation()
    this.#keys[event.key]()
  }

  /** @param {Suggestion} suggestion */
  #insert({ text }) {
    const start = this.#start ?? this.#field.selectionStart
    this.#close()
    insert(this.#field, text, start, this.#field.selectionStart)
    this.#source?.chosen?.(text)
  }

  #dismiss() {
    const start = this.#start
    this.#close()
    this.#dismissed = start
  }

  #close() {
    this.#start = null
    this.#suggestions.close()
  }
}
