// Edits of the log's messages, each in its row. What was typed is kept until it is saved or discarded, and shown again
// whenever the row is.

import { around, cloned, find } from "../shared/dom.js"
import { EditDrafts } from "./drafts.js"
import { RowEdit, waitingEdit } from "./row-edit.js"
import { plainSourceOf, sourceOf } from "./source.js"

/** @typedef {import("./row-edit.js").Basis} Basis */
/** @typedef {import("../connection/protocol.js").EditMessage} EditMessage */
/** @typedef {{ code: string, message: string, rev?: number, content?: string }} Refusal */
/** @typedef {import("../pages/group-later.js").Context} Context */

export class Editing {
  #context
  #drafts
  #parts
  /** @type {Map<number, RowEdit>} */
  #edits = new Map()
  /** The message of whose edit it says that it was refused. */
  #explained = 0
  /** The message whose text is being loaded. */
  #loading = 0

  /**
   * `run(name, row)` does something else to a message: "delete" asks whether to delete it.
   * @param {Context} context
   * @param {(name: string, row: HTMLElement) => void} run
   */
  constructor(context, run) {
    const { page, list, account, group, outbox, view } = context
    const limit = Number(find(page, "#chat-message-input").dataset.limit)
    const drafts = new EditDrafts(account, group, list.dataset.epoch)
    this.#context = context
    this.#drafts = drafts
    this.#parts = { outbox, view, drafts, limit, run, ended: this.#ended.bind(this) }
    // Elsewhere nothing is sent: the group's page has the drafts.
    if (!this.#isLive) return
    this.#dropSent()
    drafts.follow((seq, before) => this.#followDraft(seq, before))
    list.addEventListener("rows", event => this.#show(/** @type {CustomEvent<HTMLElement[]>} */ (event).detail))
    list.addEventListener("click", event => this.#press(event))
    view.change(() => this.#show(drafts.seqs.map(rowOf)))
  }

  /**
   * Edits the message in its row, if its text can be loaded.
   * @param {HTMLElement} row
   * @param {HTMLElement} [from] What gets the focus afterwards, instead of the row.
   */
  async open(row, from) {
    const seq = Number(row.dataset.seq)
    const { address, explain } = this.#context
    if (!this.#isLive) return location.assign(`${address}messages/${seq}/edit/`)
    const edit = this.#edits.get(seq)
    if (edit) return edit.focus()
    explain("")
    const basis = this.#known(row) ?? (await this.#load(row))
    if (typeof basis === "string") return explain(basis)
    // The row may be gone by now, or another message is to be edited.
    const shown = basis && rowOf(seq)
    if (!shown) return
    this.#context.view.change(() => this.#begin(shown, basis, from))
    this.#edits.get(seq)?.focus()
  }

  /**
   * The server has refused an edit: it is shown again, with the reason.
   * @param {EditMessage} command
   * @param {Refusal} refusal
   */
  refused({ target, rev, message }, refusal) {
    if (refusal.code === "changed" && refusal.content === message) return
    this.#keepRefused(target, { text: message, rev })
    const row = rowOf(target)
    this.#explain(target, refusal)
    if (!row) return
    this.#context.view.change(() => this.#edits.has(target) || this.#begin(row, this.#draftOf(row)))
    const edit = this.#edits.get(target)
    if (!edit) return
    if (refusal.code === "gone") edit.gone()
    else if (refusal.code === "changed") edit.conflictsWith(refusal.rev ?? rev + 1)
    else edit.refused(`Not saved: ${refusal.message}`)
  }

  /**
   * As a draft. What was typed since is one already, made of this text.
   * @param {number} seq
   * @param {import("./drafts.js").EditDraft} refused
   */
  #keepRefused(seq, refused) {
    const draft = this.#drafts.of(seq)
    if (!draft) this.#drafts.keep(seq, refused)
    else if (draft.rev === refused.rev + 1) this.#drafts.keep(seq, { ...draft, rev: refused.rev })
    this.#edits.get(seq)?.rebase(refused.rev)
  }

  get #isLive() {
    return "live" in this.#context.page.dataset
  }

  /**
   * What is known without asking the server: a draft, an edit that is on its way, or a text that the row shows as it is.
   * @param {HTMLElement} row
   * @returns {Basis | null}
   */
  #known(row) {
    const seq = Number(row.dataset.seq)
    if (this.#drafts.has(seq)) return this.#draftOf(row)
    const waiting = waitingEdit(this.#context.outbox, seq)
    if (waiting) return basisOf({ text: waiting.command.message, rev: waiting.command.rev + 1 })
    const plain = plainSourceOf(row)
    return plain && basisOf(plain)
  }

  /**
   * @param {HTMLElement} row With a draft.
   * @returns {Basis}
   */
  #draftOf(row) {
    const { text, rev } = this.#drafts.of(Number(row.dataset.seq)) ?? { text: "", rev: 0 }
    const plain = plainSourceOf(row)
    return { text, rev, original: plain?.rev === rev ? plain.text : null }
  }

  /**
   * @param {HTMLElement} row
   * @returns {Promise<Basis | string | null>} Null if another message is to be edited by now.
   */
  async #load(row) {
    const seq = Number(row.dataset.seq)
    this.#loading = seq
    const source = await sourceOf(row, this.#context.address)
    if (this.#loading !== seq || this.#edits.has(seq)) return null
    return typeof source === "string" ? source : basisOf(source)
  }

  /**
   * @param {HTMLElement} row
   * @param {Basis} basis
   * @param {HTMLElement} [from]
   */
  #begin(row, basis, from) {
    this.#loading = 0
    const edit = new RowEdit(row, basis, this.#parts, from)
    this.#edits.set(edit.seq, edit)
    row.querySelector(".unsaved-edit")?.remove()
    edit.follow()
  }

  /** @param {number} seq Its form is gone. */
  #ended(seq) {
    this.#edits.delete(seq)
    if (this.#explained === seq) this.#context.explain("")
    const row = rowOf(seq)
    if (row) this.#mark(row)
  }

  /**
   * Rows are new, or show another text.
   * @param {(HTMLElement | null)[]} rows
   */
  #show(rows) {
    for (const row of rows) {
      const seq = Number(row?.dataset.seq)
      if (!row || !(this.#drafts.has(seq) || this.#edits.has(seq))) continue
      const edit = this.#edits.get(seq)
      if (edit) edit.follow()
      else if (this.#drafts.isOpen(seq)) this.#begin(row, this.#draftOf(row))
      else this.#mark(row)
    }
  }

  /**
   * Shows whether the message has an edit that was begun.
   * @param {HTMLElement} row
   */
  #mark(row) {
    const mark = row.querySelector(".unsaved-edit")
    const isUnsaved = this.#drafts.has(Number(row.dataset.seq))
    if (!isUnsaved) return mark?.remove()
    const parts = row.querySelectorAll(".entry-text, .entry-deleted, .entry-edited")
    if (!mark) parts[parts.length - 1].after(cloned("unsaved-edit-template"))
  }

  /** @param {MouseEvent} event */
  #press(event) {
    const button = around(event, ".unsaved-edit button", HTMLButtonElement)
    /** @type {HTMLElement | null | undefined} */
    const row = button?.closest("[data-seq]")
    if (!button || !row) return
    if (button.value === "reopen") return void this.open(row)
    this.#drafts.forget(Number(row.dataset.seq))
    this.#context.view.change(() => this.#mark(row))
    row.focus({ preventScroll: true })
  }

  /**
   * @param {number} seq
   * @param {string} [before]
   */
  #followDraft(seq, before) {
    const edit = this.#edits.get(seq)
    if (edit) return this.#context.view.change(() => edit.followDraft(before))
    const row = rowOf(seq)
    if (row) this.#context.view.change(() => this.#mark(row))
  }

  /** A tab that was killed while it saved has left drafts of what waits in the outbox. */
  #dropSent() {
    for (const { command } of this.#context.outbox.items)
      if (command.type === "edit_message" && this.#drafts.of(command.target)?.text === command.message)
        this.#drafts.forget(command.target)
  }

  /**
   * Beside the composer: the row may be out of view, or will be when what was missed comes.
   * @param {number} seq
   * @param {Refusal} refusal
   */
  #explain(seq, { message }) {
    const { page, explain, address } = this.#context
    this.#explained = seq
    explain(`Your edit wasn't saved: ${message} `)
    const link = document.createElement("a")
    link.href = `${address}?at=${seq}#seq-${seq}`
    link.textContent = "Show"
    find(page, "#log-refused").append(link)
  }
}

/**
 * @param {import("./source.js").Source} source
 * @returns {Basis}
 */
function basisOf({ text, rev }) {
  return { text, rev, original: text }
}

/** @param {number} seq */
function rowOf(seq) {
  return document.getElementById(`seq-${seq}`)
}
