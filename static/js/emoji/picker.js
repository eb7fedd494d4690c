// Emoji to choose from: by search, by group, or among those used last. One popover for the whole page, beside what opens
// it, or a sheet where there is little room or a finger.

import { report } from "../shared/attempt.js"
import { around, contentOf, find } from "../shared/dom.js"
import { isComposing } from "../shared/typing.js"
import { loadEmoji } from "./data.js"
import { choiceOf, rowsOf } from "./grid.js"
import { GridKeys } from "./grid-keys.js"
import { Groups } from "./groups.js"
import { noteUsed, recent } from "./recent.js"
import { search } from "./search.js"
import { ToneChoice } from "./tone-choice.js"
import { setTone, toneOf, withTone } from "./tones.js"

const MOST_FOUND = 80
const HINT = "Shift+click to choose several"
const FIRST_FOUND = "emoji-found-first"
/**
 * @typedef {object} Opening
 * @property {HTMLElement} anchor What the picker is beside, and what has the focus again once it is closed.
 * @property {string} account
 * @property {(emoji: string) => void} chosen Called after it is closed; with Shift, it stays open for more.
 * @property {() => void} [closed]
 */

/** @type {Picker | undefined} */
let picker

/**
 * Opens the picker, which says so if the emoji can't be loaded. For browsers with popovers.
 * @param {Opening} opening
 */
export function openPicker(opening) {
  picker ??= new Picker()
  picker.open(opening)
}

class Picker {
  #popover
  #field
  #scroller
  #found
  #status
  #groups
  #keys
  #tones
  /** @type {Opening | undefined} */
  #opening
  /** @type {import("./data.js").EmojiData | undefined} */
  #data
  #columns = 0
  #isPressed = false

  constructor() {
    document.body.append(contentOf("emoji-picker-template"))
    const popover = find(document, "#emoji-picker")
    this.#popover = popover
    this.#field = find(popover, ".emoji-picker-search", HTMLInputElement)
    this.#scroller = find(popover, ".emoji-picker-scroller")
    this.#found = find(popover, ".emoji-picker-found")
    this.#status = find(popover, ".emoji-picker-status")
    this.#keys = new GridKeys(this.#scroller)
    this.#groups = new Groups(popover, group => this.#leaveSearch(group.firstCell))
    const [button, list] = [find(popover, ".emoji-picker-tone"), find(popover, ".emoji-picker-tones")]
    this.#tones = new ToneChoice(button, list, tone => this.#retone(tone))
    this.#listen()
  }

  #listen() {
    this.#popover.addEventListener("keydown", event => this.#key(event))
    this.#popover.addEventListener("toggle", event => event.newState === "closed" && this.#closed())
    this.#field.addEventListener("input", () => this.#search())
    this.#scroller.addEventListener("click", event => this.#choose(around(event, "[role=gridcell]"), event.shiftKey))
    for (const type of ["focusin", "pointerover"]) {
      this.#scroller.addEventListener(type, event => this.#describe(around(event, "[role=gridcell]")))
    }
    for (const type of ["pointerdown", "keydown"]) {
      document.addEventListener(type, event => this.#press(event), { capture: true })
    }
    new ResizeObserver(() => this.#resized()).observe(this.#scroller)
  }

  /** @param {Opening} opening */
  async open(opening) {
    const { anchor } = opening
    if (this.#closesWith(anchor)) return anchor.focus({ preventScroll: true })
    this.#opening = opening
    this.#field.value = ""
    this.#tones.show(toneOf(opening.account))
    this.#tones.close()
    this.#status.textContent = this.#data ? "" : "Loading…"
    this.#show(anchor)
    try {
      this.#data = await loadEmoji()
      if (this.#isOpen) this.#fill()
    } catch (error) {
      report(error)
      this.#status.textContent = "The emoji couldn't be loaded. Check your connection, then open this again."
    }
  }

  /**
   * Closes it if it is open. Returns whether this is also what opened it, which then only closes it.
   * @param {HTMLElement} anchor
   */
  #closesWith(anchor) {
    const wasOpen = this.#isOpen || this.#isPressed
    this.#isPressed = false
    if (this.#isOpen) this.#popover.hidePopover()
    return wasOpen && anchor === this.#opening?.anchor
  }

  /**
   * A press on what opened it closes it, as on anything else outside, before the click.
   * @param {Event} event
   */
  #press({ type, target }) {
    const isAnchor = target instanceof Node && this.#opening?.anchor.contains(target) === true
    this.#isPressed = type === "pointerdown" && this.#isOpen && isAnchor
  }

  get #isOpen() {
    return this.#popover.matches(":popover-open")
  }

  get #account() {
    return this.#opening?.account ?? ""
  }

  /** @param {HTMLElement} source */
  #show(source) {
    /** @type {{ showPopover(options: { source: HTMLElement }): void }} */
    const popover = this.#popover
    this.#popover.classList.remove("cornered")
    popover.showPopover({ source })
    // Some browsers place what has an anchor, but not by its source.
    const { top, left } = this.#popover.getBoundingClientRect()
    this.#popover.classList.toggle("cornered", top < 0 || left < 0 || top > innerHeight || left > innerWidth)
    // A touch keyboard would cover half of it.
    const first = matchMedia("(pointer: coarse)").matches ? this.#popover : this.#field
    first.focus({ preventScroll: true })
  }

  #fill() {
    if (!this.#data) return
    this.#columns = this.#columnsNow
    this.#popover.style.setProperty("--columns", String(this.#columns))
    const tone = toneOf(this.#account)
    this.#groups.show(this.#data, { used: recent(this.#account), tone, columns: this.#columns })
    this.#search()
  }

  // The field is as high as a cell is wide.
  get #columnsNow() {
    const { paddingInlineStart, paddingInlineEnd } = getComputedStyle(this.#scroller)
    const width =
      this.#scroller.clientWidth - Number.parseFloat(paddingInlineStart) - Number.parseFloat(paddingInlineEnd)
    return Math.max(1, Math.floor(width / this.#field.offsetHeight))
  }

  #resized() {
    if (!this.#isOpen || !this.#data || this.#columnsNow === this.#columns) return
    const isWithin = this.#scroller.contains(document.activeElement)
    this.#fill()
    if (isWithin) this.#keys.enter()
  }

  /** @param {number} tone */
  #retone(tone) {
    setTone(this.#account, tone)
    this.#groups.retone(tone)
    this.#search()
  }

  // Searching

  #search() {
    const term = this.#field.value.trim()
    const found = this.#data && term ? search(this.#data, term, MOST_FOUND) : []
    const tone = toneOf(this.#account)
    const choices = found.map(emoji => ({ character: withTone(emoji, tone), emoji }))
    this.#found.replaceChildren(...rowsOf(choices, this.#columns || 1))
    this.#found.hidden = found.length === 0
    this.#groups.hidden = term !== ""
    if (this.#data) this.#status.textContent = term && !found.length ? `No emoji found for “${term}”.` : ""
    this.#offerFirst()
  }

  // Enter chooses it.
  #offerFirst() {
    const first = /** @type {HTMLElement | null} */ (this.#found.querySelector("[role=gridcell]"))
    this.#field.setAttribute("aria-expanded", String(first !== null))
    if (first) this.#field.setAttribute("aria-activedescendant", FIRST_FOUND)
    else this.#field.removeAttribute("aria-activedescendant")
    first?.setAttribute("id", FIRST_FOUND)
    this.#keys.reset()
    this.#describe(first)
  }

  /** @param {HTMLElement | null} cell Where Tab leads next. */
  #leaveSearch(cell) {
    this.#field.value = ""
    this.#search()
    this.#keys.reset(cell)
  }

  /** @param {HTMLElement | null} cell */
  #describe(cell) {
    const { character, emoji } = (cell && choiceOf(cell)) ?? {}
    find(this.#popover, ".emoji-picker-name").textContent = character ? `${character} ${emoji?.name ?? ""}` : HINT
    find(this.#popover, ".emoji-picker-alias").textContent = emoji ? `:${emoji.aliases[0]}:` : ""
  }

  // Keys

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (isComposing(event)) return
    // Not for what is behind the picker.
    if (event.key === "Escape") event.stopPropagation()
    else if (event.target === this.#field) this.#keyInField(event)
    else if (this.#scroller.contains(document.activeElement)) this.#keyInGrid(event)
  }

  /** @param {KeyboardEvent} event */
  #keyInField(event) {
    if (event.key === "Enter") {
      event.preventDefault()
      this.#choose(this.#found.querySelector("[role=gridcell]"), event.shiftKey)
    }
    if (event.key === "ArrowDown" && this.#keys.enter()) event.preventDefault()
  }

  /** @param {KeyboardEvent} event */
  #keyInGrid(event) {
    if (event.key === "End") this.#groups.complete()
    if (this.#keys.follow(event)) event.preventDefault()
    else if (event.key === "ArrowUp" || isText(event)) {
      // What is typed goes on there.
      this.#field.focus()
      if (event.key === "ArrowUp") event.preventDefault()
    }
  }

  // Choosing

  /**
   * @param {Element | null} cell
   * @param {boolean} staysOpen
   */
  #choose(cell, staysOpen) {
    const choice = cell && choiceOf(cell)
    if (!choice || !this.#opening) return
    const { anchor, account, chosen } = this.#opening
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)
    noteUsed(account, choice.character)
    if (!staysOpen) {
      this.#popover.hidePopover()
      anchor.focus({ preventScroll: true })
    }
    chosen(choice.character)
    if (staysOpen) focused?.focus({ preventScroll: true })
  }

  #closed() {
    if (this.#isOpen) return
    // Closed by a key, not by a click on something else, which has the focus.
    if (document.activeElement === document.body) this.#opening?.anchor.focus({ preventScroll: true })
    this.#opening?.closed?.()
  }
}

/** @param {KeyboardEvent} event */
function isText({ key, ctrlKey, metaKey, altKey }) {
  return [...key].length === 1 && key !== " " && !ctrlKey && !metaKey && !altKey
}
