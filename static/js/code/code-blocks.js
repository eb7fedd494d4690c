// What a block of code has beside its text: its language and buttons above it, below a long one a button that shows all
// of it, and colours. All words are in attributes, so that a copied message, or one that is read out, has only its own.

import { keyOf } from "../shared/account.js"
import { copy } from "../shared/clipboard.js"
import { forget, keep, kept } from "../shared/storage.js"
import { Colours } from "./colours.js"

/**
 * Acts so that nothing moves, `fixed` the least; then scrolls by so many pixels.
 * @typedef {(act: () => void, fixed?: HTMLElement, by?: number) => void} Change
 */

const LINES = 20 // of a longer block
const SAID_FOR = 2_000 // milliseconds

export class CodeBlocks {
  #root
  #key
  #change
  #colours
  #status = status()

  /**
   * @param {HTMLElement} root Around the blocks.
   * @param {string} account
   * @param {Change} change
   */
  constructor(root, account, change) {
    this.#root = root
    this.#key = keyOf(account, "wrap-code")
    this.#change = change
    this.#colours = new Colours(root.closest(".scroller"))
    root.classList.toggle("wraps-code", kept(this.#key) !== null)
    const parent = root.closest("main") ?? document.body
    parent.append(this.#status)
  }

  /** @param {HTMLElement} block A `pre.code`. Once it has all this, nothing is added. */
  dress(block) {
    if (block.previousElementSibling?.matches(".code-tools")) return
    block.before(this.#tools(block))
    const lines = textOf(block).split("\n").length
    if (lines > LINES) this.#fold(block, lines)
    this.#colours.watch(block)
  }

  /** @param {HTMLElement} block */
  #tools(block) {
    const tools = document.createElement("div")
    tools.className = "code-tools"
    tools.dataset.language = block.dataset.language
    const wrap = button("code-wrap", "Wrap", "Wrap lines", () => this.#toggleWrap(wrap))
    const copying = button("code-copy", "Copy", "Copy code", () => this.#copy(copying, textOf(block)))
    wrap.setAttribute("aria-pressed", String(this.#wraps))
    tools.append(wrap, copying)
    return tools
  }

  get #wraps() {
    return this.#root.classList.contains("wraps-code")
  }

  /** @param {HTMLElement} button */
  #toggleWrap(button) {
    this.#change(() => {
      const wraps = this.#root.classList.toggle("wraps-code")
      for (const each of this.#root.querySelectorAll(".code-wrap")) each.setAttribute("aria-pressed", String(wraps))
    }, button)
    if (this.#wraps) keep(this.#key, "1")
    else forget(this.#key)
  }

  /**
   * @param {HTMLElement} button
   * @param {string} text
   */
  async #copy(button, text) {
    // Emptied first, so that a second copy is announced as well.
    this.#status.textContent = ""
    const said = (await copy(text)) ? "Copied" : "Couldn't copy"
    this.#status.textContent = said
    button.dataset.label = said
    setTimeout(() => {
      button.dataset.label = "Copy"
      this.#status.textContent = ""
    }, SAID_FOR)
  }

  /**
   * @param {HTMLElement} block
   * @param {number} lines
   */
  #fold(block, lines) {
    const all = `Show all ${lines} lines`
    const more = button("code-more", all, all, () => this.#turn(block, more, all))
    block.firstElementChild?.addEventListener("scroll", () => isFolded(block) && this.#reveal(block, more, all))
    block.classList.add("is-long", "is-folded")
    block.after(more)
  }

  /**
   * Shows the line that a search or a selection has scrolled to, where it is now.
   * @param {HTMLElement} block
   * @param {HTMLElement} more
   * @param {string} all
   */
  #reveal(block, more, all) {
    this.#turn(block, more, all, block.firstElementChild?.scrollTop)
  }

  /**
   * What is pressed stays where it is; the beginning of the block, if that was not in view or is pushed down.
   * @param {HTMLElement} block
   * @param {HTMLElement} more
   * @param {string} all
   */
  #turn(block, more, all, by = 0) {
    const act = () => label(more, block.classList.toggle("is-folded") ? all : "Show fewer lines")
    this.#change(act, isFolded(block) || !isInView(more) ? block : more, by)
  }
}

/** @param {HTMLElement} block */
function isFolded(block) {
  return block.classList.contains("is-folded")
}

/** @param {HTMLElement} element */
function isInView(element) {
  const { top, bottom } = element.getBoundingClientRect()
  return bottom > 0 && top < innerHeight
}

/** @param {HTMLElement} block */
function textOf(block) {
  return block.textContent ?? ""
}

/**
 * @param {string} kind
 * @param {string} text
 * @param {string} name As screen readers call it.
 * @param {() => void} act
 */
function button(kind, text, name, act) {
  const made = document.createElement("button")
  made.type = "button"
  made.className = `code-button ${kind}`
  made.dataset.label = text
  made.setAttribute("aria-label", name)
  made.addEventListener("click", act)
  return made
}

/**
 * @param {HTMLElement} button
 * @param {string} text
 */
function label(button, text) {
  button.dataset.label = text
  button.setAttribute("aria-label", text)
}

function status() {
  const made = document.createElement("p")
  made.className = "visually-hidden"
  made.setAttribute("role", "status")
  return made
}
