// The edit of one message, in its row: the form, the draft, and what becomes of both when the message changes meanwhile.

import { Editor } from "./editor.js"

const CHANGED = "This message was edited elsewhere. The current version is above, yours is below."
const GONE = "This message was deleted."

/**
 * `run`: what else can be done to a message, by its name. `ended`: the form is gone.
 * @typedef {{
 *   outbox: import("../composer/outbox.js").Outbox,
 *   view: import("../log/view.js").LogView,
 *   drafts: import("./drafts.js").EditDrafts,
 *   limit: number,
 *   run: (name: string, row: HTMLElement) => void,
 *   ended: (seq: number) => void,
 * }} Parts
 */
/**
 * What is edited: the text in the field, the `rev` that it is made of, and the text of that, if it is known.
 * @typedef {{ text: string, rev: number, original: string | null }} Basis
 */

export class RowEdit {
  #row
  #basis
  #parts
  #editor
  /** @type {"edit" | "changed" | "gone"} */
  #purpose = "edit"
  /** What the text has become: the highest `rev` that is known. */
  #latest
  /** @type {HTMLElement | null} What gets the focus afterwards, instead of the row. */
  #from

  /**
   * @param {HTMLElement} row
   * @param {Basis} basis
   * @param {Parts} parts
   * @param {HTMLElement | null} [from]
   */
  constructor(row, basis, parts, from = null) {
    this.#row = row
    this.#basis = basis
    this.#parts = parts
    this.#latest = basis.rev
    this.#from = from
    const act = (/** @type {import("./editor.js").Way} */ way) => this.#act(way)
    const options = { text: basis.text, limit: parts.limit, act, typed: () => this.#keep() }
    this.#editor = new Editor(row, options)
  }

  get seq() {
    return Number(this.#row.dataset.seq)
  }

  get text() {
    return this.#editor.text
  }

  focus() {
    this.#editor.focus()
  }

  /** The row may show another text, or that it was deleted. */
  follow() {
    if (this.#row.querySelector(".entry-deleted")) return this.#endWithMessage()
    this.#changedTo(Number(this.#row.dataset.rev ?? 0))
  }

  /**
   * The row shows the text with this `rev`.
   * @param {number} rev
   */
  #changedTo(rev) {
    this.#latest = Math.max(this.#latest, rev)
    if (this.#purpose === "edit" && this.#latest > this.#basis.rev) this.#show("changed", CHANGED)
  }

  /**
   * The server has refused the edit, since the message has this `rev`, whatever it was supposed to have.
   * @param {number} rev
   */
  conflictsWith(rev) {
    this.#latest = Math.max(rev, Number(this.#row.dataset.rev ?? 0))
    this.#show("changed", CHANGED)
  }

  /** @param {string} problem Why it was not saved. */
  refused(problem) {
    this.#show(this.#purpose, problem)
  }

  /** The message is gone: its row may not know yet. */
  gone() {
    this.#show("gone", GONE)
  }

  /**
   * Another tab has changed the draft, from `before`, or saved or discarded it. What was typed here meanwhile stays, and
   * is kept instead of one that is gone.
   * @param {string} [before]
   */
  followDraft(before) {
    const draft = this.#parts.drafts.of(this.seq)
    if (!draft && this.text !== before && this.#isChanged) this.#keep()
    if (this.#editor.isInUse || this.text !== before) return
    if (!draft) return this.#end()
    this.#editor.text = draft.text
    this.#basis = { ...this.#basis, rev: draft.rev }
    this.follow()
  }

  /**
   * An edit of the text with this `rev` was refused: what was made of that edit becomes one of the text before it.
   * @param {number} rev
   */
  rebase(rev) {
    if (this.#basis.rev !== rev + 1) return
    this.#basis = { ...this.#basis, rev, original: null }
    this.#latest = rev
    this.follow()
  }

  /** @param {import("./editor.js").Way} way */
  #act(way) {
    if (way === "save") this.#save()
    if (way === "close") this.#close()
    if (way === "other" || way === "discard") this.#end()
  }

  get #isChanged() {
    return this.text !== this.#basis.original
  }

  #keep() {
    const { drafts } = this.#parts
    if (this.#isChanged) drafts.keep(this.seq, { text: this.text, rev: this.#basis.rev })
    else drafts.forget(this.seq)
  }

  #save() {
    if (this.#editor.isTooLong) return this.#editor.focus()
    if (this.#purpose === "gone") return this.#sendAsNew()
    if (!this.text.trim()) return this.#parts.run("delete", this.#row)
    if (this.#isChanged || this.#purpose === "changed") this.#send()
    this.#end()
  }

  // In the outbox first: a tab that is killed between the two has the text twice, not never.
  #send() {
    const { outbox } = this.#parts
    const rev = this.#purpose === "changed" ? this.#latest : this.#basis.rev
    outbox.add({ type: "edit_message", target: this.seq, rev, message: this.text })
  }

  #sendAsNew() {
    if (!this.text.trim()) return
    this.#parts.outbox.add({ type: "text_message", message: this.text })
    this.#end()
  }

  /** What was typed is kept. */
  #close() {
    const { drafts } = this.#parts
    if (!this.#isChanged) return this.#end()
    this.#keep()
    drafts.close(this.seq)
    this.#leave()
  }

  #end() {
    this.#parts.drafts.forget(this.seq)
    this.#leave()
  }

  #endWithMessage() {
    if (this.#isChanged && this.text.trim()) this.gone()
    else this.#end()
  }

  #leave() {
    const { view, ended } = this.#parts
    const hadFocus = this.#editor.hasFocus
    view.change(() => {
      this.#editor.remove()
      ended(this.seq)
    })
    if (hadFocus) this.#returnFocus()
  }

  #returnFocus() {
    const place = this.#from ?? this.#row
    if (!this.#from && !place.hasAttribute("tabindex")) place.tabIndex = -1
    place.focus({ preventScroll: true })
  }

  /**
   * @param {"edit" | "changed" | "gone"} purpose
   * @param {string} problem
   */
  #show(purpose, problem) {
    this.#purpose = purpose
    this.#parts.view.change(() => this.#editor.show(purpose, problem))
  }
}

/**
 * The last edit of a message that waits to be sent, or to be acknowledged.
 * @param {import("../composer/outbox.js").Outbox} outbox
 * @param {number} seq
 */
export function waitingEdit(outbox, seq) {
  for (const item of outbox.items.reverse()) {
    const { command } = item
    if (command.type === "edit_message" && command.target === seq && !item.refusal) return { ...item, command }
  }
  return null
}
