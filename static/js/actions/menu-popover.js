// The one menu of all messages: a popover beside what opened it, or a sheet at the bottom of the window.

import { cloned, find } from "../shared/dom.js"
import { isComposing } from "../shared/typing.js"
import { itemFor } from "./menu-keys.js"

const NEAR = 16 // pixels between the menu and what opened it, at most
// Where fingers press, or where there is no room beside a message.
const IS_SHEET = "(pointer: coarse), (width < 640px)"

/** @typedef {{ emoji: string, isOn: boolean }} Choice An emoji, and whether the user reacts with it. */
/**
 * @typedef {{
 *   names: string[],
 *   choices: Choice[],
 *   label: string,
 *   row: HTMLElement,
 *   source: HTMLElement,
 * }} Opened
 * `names`: the actions. `row`: what is acted on. `source`: what the menu is beside.
 */

export class MenuPopover {
  #chosen
  #menu
  #line
  /** @type {Opened | null} */
  #opened = null
  /** @type {HTMLElement | null} What gets the focus back. */
  #origin = null

  /**
   * @param {HTMLElement} frame Of the log.
   * @param {(row: HTMLElement, item: HTMLElement, isShift: boolean) => void} chosen The menu is closed by then.
   */
  constructor(frame, chosen) {
    this.#chosen = chosen
    this.#menu = cloned("message-menu-template")
    this.#line = find(this.#menu, ".message-menu-line")
    frame.append(this.#menu)
    this.#menu.addEventListener("click", event => this.#clicked(event))
    this.#menu.addEventListener("keydown", event => this.#pressed(event))
    // The key that opened it would open the browser's as well.
    this.#menu.addEventListener("contextmenu", event => event.preventDefault())
    this.#menu.addEventListener("beforetoggle", event => event.newState === "closed" && this.#closed())
  }

  /** The one that is acted on, while the menu is open. */
  get row() {
    return this.#opened?.row ?? null
  }

  /**
   * Whether these are the actions that it offers.
   * @param {string[]} names
   */
  offers(names) {
    return this.#opened?.names.join() === names.join()
  }

  /** @param {Opened} opened */
  open(opened) {
    this.close()
    this.#fill(opened)
    this.#menu.classList.toggle("sheet", matchMedia(IS_SHEET).matches)
    // Older browsers ignore the source, and TypeScript doesn't know it yet.
    const options = /** @type {ShowPopoverOptions} */ ({ source: opened.source })
    this.#menu.showPopover(options)
    if (!isBeside(this.#menu, opened.source)) this.#menu.classList.add("sheet")
    this.#opened = opened
    this.#origin = focusedIn(opened.row) ?? opened.row
    this.#items[0]?.focus({ preventScroll: true })
  }

  /** The focus returns to where it was. */
  close() {
    if (this.#opened) this.#menu.hidePopover()
  }

  /** @param {Opened} opened */
  #fill({ names, choices, label }) {
    this.#menu.setAttribute("aria-label", label)
    for (const item of this.#menu.querySelectorAll("[value]")) {
      if (item instanceof HTMLElement) item.hidden = !names.includes(String(item.getAttribute("value")))
    }
    this.#line.hidden = !names.includes("react")
    for (const old of this.#line.querySelectorAll("[data-emoji]")) old.remove()
    this.#line.prepend(...choices.map(createChoice))
  }

  #closed() {
    const row = this.#opened?.row
    this.#opened = null
    if (!row || !this.#menu.contains(document.activeElement)) return
    // What had it may be gone, or its row may be another now.
    const place = this.#origin?.isConnected ? this.#origin : document.getElementById(row.id)
    place?.focus({ preventScroll: true })
  }

  get #items() {
    /** @type {NodeListOf<HTMLElement>} */
    const items = this.#menu.querySelectorAll("[role^=menuitem]:not([hidden], [hidden] *)")
    return [...items]
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const item = event.target instanceof Element ? event.target.closest("[role^=menuitem]") : null
    if (!(item instanceof HTMLElement) || !this.row) return
    const { row } = this
    this.close()
    this.#chosen(row, item, event.shiftKey)
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (isComposing(event) || event.altKey || event.ctrlKey || event.metaKey) return
    // Menus are left by Tab as by Escape.
    if (event.key === "Tab") this.close()
    const items = this.#items
    const line = items.filter(each => this.#line.contains(each))
    const item = itemFor(event.key, /** @type {HTMLElement} */ (event.target), items, line)
    if (!item && event.key !== "Tab") return
    event.preventDefault()
    item?.focus()
  }
}

/** @param {Choice} choice */
function createChoice({ emoji, isOn }) {
  const item = cloned("message-menu-emoji-template")
  item.dataset.emoji = emoji
  item.setAttribute("aria-checked", String(isOn))
  item.setAttribute("aria-label", `React with ${emoji}`)
  item.textContent = emoji
  return item
}

/** @param {HTMLElement} row */
function focusedIn(row) {
  const { activeElement } = document
  return activeElement instanceof HTMLElement && row.contains(activeElement) ? activeElement : null
}

/**
 * Whether the browser has put the menu beside its source, within the window.
 * @param {HTMLElement} menu
 * @param {HTMLElement} source
 */
function isBeside(menu, source) {
  const box = menu.getBoundingClientRect()
  const { top, bottom } = source.getBoundingClientRect()
  const distance = Math.min(Math.abs(box.top - bottom), Math.abs(top - box.bottom))
  return distance < NEAR && box.top >= 0 && box.left >= 0 && box.bottom <= innerHeight && box.right <= innerWidth
}
