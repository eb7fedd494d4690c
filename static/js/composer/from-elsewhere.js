// Text that is typed, pasted or dropped elsewhere on the page goes to the composer. Files go nowhere: without this, a
// browser would leave the page and show them.

import { insert } from "../completion/insert.js"
import { find } from "../shared/dom.js"
import { isComposing } from "../shared/typing.js"

const NO_FILES = "Files can't be sent here. Paste a link or text instead."
const FIELDS = "input, textarea, select, [contenteditable]"
// Without popovers, browsers refuse a selector that names them.
const OPEN = "popover" in HTMLElement.prototype ? ":modal, [popover]:popover-open" : ":modal"

export class FromElsewhere {
  #page
  #form
  #field
  #explain
  /** Whether what is being dragged is of this page's log. */
  #isOfLog = false

  /** @param {import("../pages/group-later.js").Context} context */
  constructor({ page, explain }) {
    this.#page = page
    this.#form = find(page, "#composer")
    this.#field = find(this.#form, "textarea", HTMLTextAreaElement)
    this.#explain = explain
    document.addEventListener("keydown", event => this.#typed(event))
    document.addEventListener("paste", event => this.#pasted(event))
    document.addEventListener("dragstart", event => this.#dragged(event))
    document.addEventListener("dragend", () => this.#dragged())
    document.addEventListener("dragover", event => this.#mayDrop(event) && event.preventDefault())
    document.addEventListener("drop", event => this.#dropped(event))
  }

  /**
   * The key itself is left to the browser: it writes into the field that has the focus then.
   * @param {KeyboardEvent} event
   */
  #typed(event) {
    const isShortcut = event.defaultPrevented || isComposing(event) || event.ctrlKey || event.altKey || event.metaKey
    // Space scrolls.
    if (isShortcut || [...event.key].length !== 1 || event.key === " ") return
    if (this.#mayWrite && hasNoFocus(this.#page)) this.#field.focus({ preventScroll: true })
  }

  /** @param {ClipboardEvent} event */
  #pasted(event) {
    const { target, clipboardData, defaultPrevented } = event
    const text = clipboardData?.getData("text/plain")
    if (defaultPrevented || !clipboardData || !this.#mayWrite) return
    // Office programs copy a picture of their text as well.
    if (!text && clipboardData.files.length) this.#refuse(event)
    if (!text || (target instanceof Element && target.closest(FIELDS)) || document.querySelector(OPEN)) return
    event.preventDefault()
    insert(this.#field, text)
  }

  /** @param {DragEvent} [event] None: it has ended. */
  #dragged(event) {
    this.#isOfLog = event?.target instanceof Node && find(this.#page, "#chat-log").contains(event.target)
  }

  /** @param {DragEvent} event */
  #mayDrop({ target, dataTransfer }) {
    if (!dataTransfer || !(target instanceof Element)) return false
    if (dataTransfer.types.includes("Files")) return true
    if (!dataTransfer.types.includes("text/plain") || target.closest(FIELDS) || !this.#mayWrite) return false
    return this.#form.contains(target) || (!this.#isOfLog && target.closest(".scroller") !== null)
  }

  /** @param {DragEvent} event */
  #dropped(event) {
    if (event.defaultPrevented || !this.#mayDrop(event)) return
    if (event.dataTransfer?.files.length) return this.#refuse(event)
    event.preventDefault()
    insert(this.#field, event.dataTransfer?.getData("text/plain") ?? "")
  }

  /** @param {Event} event */
  #refuse(event) {
    event.preventDefault()
    this.#explain(NO_FILES)
  }

  /** Whether there is a field, and nothing in front of it. */
  get #mayWrite() {
    return this.#field.getClientRects().length > 0
  }
}

/**
 * Whether keys go to nothing but the page, or the log's frame.
 * @param {HTMLElement} page
 */
function hasNoFocus(page) {
  const { activeElement } = document
  const isFree = !activeElement || activeElement === document.body || activeElement === page.querySelector(".scroller")
  return isFree && !document.querySelector(OPEN)
}
