// The keyboard in the log: up and down from row to row, left and right through what can be pressed in a row.

import { indexOfFirst } from "../shared/bisect.js"
import { isComposing } from "../shared/typing.js"
import { CONTROLS, lastBefore, rowAround, TabStop } from "./tab-stop.js"

/** Of fields, menus and the like, which have keys of their own. */
export const OTHERS_KEYS = "input, textarea, select, .editor, [contenteditable], [role=menu], [popover]"
const CONTEXT = 64 // pixels of a page that stay in view on the next

export class LogKeys {
  #scroller
  #stop
  /**
   * What a key does in a row; `target` has the focus. False leaves the key to the browser.
   * @type {{ [key: string]: (row: HTMLElement, target: HTMLElement) => boolean }}
   */
  #actions = {
    ArrowUp: row => this.#step(row, -1),
    ArrowDown: row => this.#step(row, 1),
    PageUp: row => this.#page(row, -1),
    PageDown: row => this.#page(row, 1),
    Home: () => this.#stop.focus(this.#stop.rows.find(row => !row.matches(".entry-day *"))),
    End: () => this.#stop.focus(this.#stop.rows.at(-1)),
    ArrowLeft: (row, target) => focusControl(row, target, -1),
    ArrowRight: (row, target) => focusControl(row, target, 1),
    Escape: (row, target) => row !== target && this.#stop.focus(row),
    Enter: (row, target) => row === target && openActions(row),
  }

  /**
   * @param {HTMLElement} list
   * @param {HTMLElement} scroller
   */
  constructor(list, scroller) {
    this.#scroller = scroller
    this.#stop = new TabStop(list, scroller)
    list.addEventListener("keydown", event => this.#press(event))
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const row = rowAround(event.target)
    if (!row || !isPlain(event) || !Object.hasOwn(this.#actions, event.key)) return
    const target = /** @type {HTMLElement} */ (event.target)
    if (this.#actions[event.key](row, target)) event.preventDefault()
  }

  /**
   * @param {HTMLElement} row
   * @param {-1 | 1} by
   */
  #step(row, by) {
    if (this.#isCutOff(row, by)) return false
    const { rows } = this.#stop
    return this.#stop.focus(rows[rows.indexOf(row) + by])
  }

  /**
   * @param {HTMLElement} row
   * @param {-1 | 1} by
   */
  #page(row, by) {
    const { rows } = this.#stop
    const goal = topOf(row) + by * (this.#scroller.clientHeight - CONTEXT)
    const found =
      by < 0 ? rows[indexOfFirst(rows, each => topOf(each) >= goal)] : lastBefore(rows, each => topOf(each) > goal)
    return found !== row && this.#stop.focus(found)
  }

  /**
   * Whether a row that is higher than the view has more in this direction: then the browser scrolls.
   * @param {HTMLElement} row
   * @param {-1 | 1} by
   */
  #isCutOff(row, by) {
    const box = row.getBoundingClientRect()
    const view = this.#scroller.getBoundingClientRect()
    if (box.height < view.height) return false
    return by < 0 ? box.top < view.top - 1 : box.bottom > view.bottom + 1
  }
}

/**
 * Whether the key is none of a shortcut, of an input method, or of a field or menu in the log.
 * @param {KeyboardEvent} event
 */
function isPlain(event) {
  if (event.defaultPrevented || isComposing(event)) return false
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return false
  return event.target instanceof Element && !event.target.closest(OTHERS_KEYS)
}

/**
 * Goes through what can be pressed in a row; before the first is the row itself.
 * @param {HTMLElement} row
 * @param {HTMLElement} target
 * @param {-1 | 1} by
 */
function focusControl(row, target, by) {
  if (target.matches("pre") && scrolls(target, by)) return false
  const places = [row, ...controlsOf(row)]
  const next = places[places.indexOf(target) + by]
  next?.focus()
  return next !== undefined
}

/** @param {HTMLElement} row */
function controlsOf(row) {
  /** @type {NodeListOf<HTMLElement>} */
  const controls = row.querySelectorAll(CONTROLS)
  return [...controls].filter(each => each.getClientRects().length > 0)
}

/**
 * Whether there is more of it in this direction.
 * @param {HTMLElement} element
 * @param {-1 | 1} by
 */
function scrolls({ scrollLeft, scrollWidth, clientWidth }, by) {
  return by < 0 ? scrollLeft > 0 : scrollLeft + clientWidth < scrollWidth - 1
}

/** @param {HTMLElement} row */
function openActions(row) {
  /** @type {HTMLElement | null} */
  const actions = row.querySelector(".entry-actions")
  actions?.click()
  return actions !== null
}

/** @param {Element} element */
function topOf(element) {
  return element.getBoundingClientRect().top
}
