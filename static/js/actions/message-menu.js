// How users come to act on a message: by its "…", by the margin where fingers press, and by the keyboard.

import { noteUsed, recent } from "../emoji/recent.js"
import { OTHERS_KEYS } from "../log/keys.js"
import { attempt } from "../shared/attempt.js"
import { around, cloned, find } from "../shared/dom.js"
import { actionOf } from "./letters.js"
import { MenuPopover } from "./menu-popover.js"
import { MessageActions } from "./message-actions.js"
import { QuickBar } from "./quick-bar.js"
import { Said } from "./said.js"

const MARGIN = ".message, .avatar, .entry-head"

export class MessageMenu {
  #context
  #actions
  /** @type {MenuPopover | undefined} */
  #menu
  /** @type {HTMLElement | null} The one whose menu was open when something was pressed, which closes it. */
  #closing = null
  /** @type {HTMLDialogElement | undefined} */
  #keys

  /** @param {import("./message-actions.js").Context} context */
  constructor(context) {
    const { page, list } = context
    const said = new Said(page)
    this.#context = context
    this.#actions = new MessageActions(context, text => said.show(text))
    attempt(() => new QuickBar(list, this.#actions))
    list.addEventListener("click", event => this.#clicked(event))
    list.addEventListener("pointerdown", () => this.#note(), { capture: true })
    list.addEventListener("keydown", event => this.#pressed(event))
    list.addEventListener("rows", () => this.#follow())
    find(page, ".scroller").addEventListener("scroll", () => this.#follow(), { passive: true })
    attempt(() => this.#offerKeys())
  }

  get actions() {
    return this.#actions
  }

  /** The one whose menu is open. */
  get row() {
    return this.#menu?.row ?? null
  }

  /** Lists the keys that work in the log. */
  showKeys() {
    this.#keys ??= createKeys()
    this.#keys.showModal()
  }

  // The list of formats names a few of them, and leads to all. It closes first, so that its own button has the focus again.
  #offerKeys() {
    const formatting = find(document, "#formatting")
    const button = find(formatting, ".show-keys", HTMLButtonElement)
    button.hidden = false
    button.addEventListener("click", () => {
      formatting.hidePopover?.()
      this.showKeys()
    })
  }

  /** @param {HTMLElement} row */
  #open(row) {
    const { page, reacting, account, socket } = this.#context
    // Then the message's page does what can be done. Popovers: Firefox before 125, Safari before 17.
    if (socket.hasEnded || !("showPopover" in row)) return false
    const frame = find(page, ".scroller-frame")
    this.#menu ??= new MenuPopover(frame, (row, item, isShift) => this.#chosen(row, item, isShift))
    const names = this.#actions.available(row)
    const source = find(row, row.querySelector(".entry-actions") ? ".entry-actions" : ".entry-time")
    const choices = recent(account).map(each => ({ emoji: each, isOn: reacting.isOwn(row, each) }))
    this.#menu.open({ names, choices, label: `Actions for message from ${row.dataset.name}`, row, source })
    return true
  }

  /**
   * @param {HTMLElement} row
   * @param {HTMLElement} item
   * @param {boolean} isShift
   */
  #chosen(row, item, isShift) {
    const { emoji } = item.dataset
    if (emoji) return this.#choose(row, emoji, item.getAttribute("aria-checked") !== "true")
    this.#actions.run(String(item.getAttribute("value")), row, { isShift })
  }

  /**
   * @param {HTMLElement} row
   * @param {string} emoji
   * @param {boolean} on
   */
  #choose(row, emoji, on) {
    this.#actions.react(row, emoji, on)
    if (on) noteUsed(this.#context.account, emoji)
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const row = around(event, ".message[data-seq]")
    if (!row || event.defaultPrevented || opensTab(event)) return
    if (!around(event, ".entry-actions") && !isOnMargin(event)) return
    const isClosed = row === this.#closing && event.detail > 0
    if (isClosed || this.#open(row)) event.preventDefault()
  }

  #note() {
    this.#closing = this.#menu?.row ?? null
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    const row = around(event, "[data-seq]")
    const action = event.defaultPrevented || around(event, OTHERS_KEYS) ? null : actionOf(event)
    if (!row || !action) return
    // Of what can be pressed in a row, Enter presses it.
    if (event.key === "Enter" && event.target !== row) return
    if (this.#act(action, row, event.shiftKey)) event.preventDefault()
  }

  /**
   * @param {string} action
   * @param {HTMLElement} row
   * @param {boolean} isShift
   */
  #act(action, row, isShift) {
    if (action === "menu") return row.matches(".message") && this.#open(row)
    if (action === "keys") this.showKeys()
    else if (this.#actions.available(row).includes(action)) this.#actions.run(action, row, { isShift })
    else return false
    return true
  }

  // What the menu offers may be over: its row was deleted, or is no longer shown.
  #follow() {
    const row = this.#menu?.row
    if (row && !(row.isConnected && this.#menu?.offers(this.#actions.available(row)))) this.#menu?.close()
  }
}

function createKeys() {
  const dialog = /** @type {HTMLDialogElement} */ (cloned("message-keys-template"))
  document.body.append(dialog)
  return dialog
}

/** @param {MouseEvent} event */
function opensTab({ button, ctrlKey, metaKey, shiftKey, altKey }) {
  return button !== 0 || ctrlKey || metaKey || shiftKey || altKey
}

/**
 * Whether a finger has pressed where neither text nor anything else is, and nothing is selected.
 * @param {MouseEvent} event
 */
function isOnMargin({ target }) {
  if (!matchMedia("(pointer: coarse)").matches || !getSelection()?.isCollapsed) return false
  return target instanceof Element && target.matches(MARGIN)
}
