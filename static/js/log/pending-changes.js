// Edits and deletions that are on their way: shown over the message's row as long as they are in the outbox. What of them
// is refused is explained.

import { attempt } from "../shared/attempt.js"
import { cloned, find } from "../shared/dom.js"
import { linkify } from "../shared/linkify.js"

/** @typedef {import("../connection/protocol.js").EditMessage} EditMessage */
/** @typedef {import("../connection/protocol.js").DeleteMessage} DeleteMessage */
/** @typedef {import("../composer/outbox.js").Unsent} Unsent */
/** @typedef {import("../composer/outbox.js").Unsent<EditMessage | DeleteMessage>} UnsentChange */

// Of a reaction: there is nothing left to react to.
const POINTLESS = "gone"
/** @type {{ [type: string]: string }} */
const FAILURES = {
  delete_message: "The message wasn't deleted.",
  react: "Your reaction wasn't saved.",
}

export class PendingChanges {
  #view
  #outbox
  #explain
  #editing
  /** @type {Map<number, EditMessage | DeleteMessage>} The last of each message: storage is not read with each row. */
  #changes = new Map()
  /** @type {Set<HTMLElement>} Rows over which something is shown. */
  #rows = new Set()

  /**
   * @param {import("../pages/group-later.js").Context} context
   * @param {import("../editing/editing.js").Editing} editing
   */
  constructor({ list, view, outbox, explain }, editing) {
    this.#editing = editing
    this.#view = view
    this.#outbox = outbox
    this.#explain = explain
    list.addEventListener("rows", () => this.#changes.size > 0 && this.#showAll())
    this.show()
  }

  /** Makes the rows agree with the outbox. */
  show() {
    const { items } = this.#outbox
    this.#changes = new Map(items.filter(isChange).map(({ command }) => [command.target, command]))
    this.#view.change(() => this.#showAll())
    for (const item of items) if (this.#isTold(item)) attempt(() => this.#tell(item))
  }

  #showAll() {
    for (const row of this.#rows)
      if (!this.#changes.has(Number(row.dataset.seq)) || !row.isConnected) this.#uncover(row)
    for (const command of this.#changes.values()) {
      const row = this.#view.log.rowOf(command.target)
      if (row && !row.querySelector(".entry-deleted")) attempt(() => this.#cover(row, command))
    }
  }

  /**
   * @param {HTMLElement} row
   * @param {EditMessage | DeleteMessage} command
   */
  #cover(row, command) {
    const cover = row.querySelector(".entry-pending") ?? cloned("pending-change-template")
    const text = find(cover, ".entry-pending-text")
    const isEdit = command.type === "edit_message"
    const mark = find(cover, ".pending-mark")
    mark.textContent = String(isEdit ? mark.dataset.saving : mark.dataset.deleting)
    row.classList.toggle("is-edited-here", isEdit)
    row.classList.toggle("is-deleted-here", !isEdit)
    if (isEdit && text.textContent !== command.message) {
      text.textContent = command.message
      linkify(text)
    }
    if (!cover.parentElement) find(row, ".entry-text").after(cover)
    this.#rows.add(row)
  }

  /** @param {HTMLElement} row */
  #uncover(row) {
    row.querySelector(".entry-pending")?.remove()
    row.classList.remove("is-edited-here", "is-deleted-here")
    this.#rows.delete(row)
  }

  /**
   * Whether it was refused and this tab says so: the one in which it was done, or one that somebody looks at.
   * @param {Unsent} item
   */
  #isTold({ client_id, command, refusal }) {
    return Boolean(refusal) && command.type !== "text_message" && (this.#outbox.isOwn(client_id) || !document.hidden)
  }

  /** @param {Unsent} item */
  #tell({ client_id, command, refusal = "", error }) {
    // Its text is a draft before it leaves the outbox.
    if (command.type === "edit_message") this.#editing.refused(command, { code: "", ...error, message: refusal })
    this.#outbox.discard(client_id)
    if (command.type === "edit_message") return
    if (command.type === "react" && error?.code === POINTLESS) return
    this.#explain(`${FAILURES[command.type]} ${refusal}`)
  }
}

/**
 * @param {Unsent} item
 * @returns {item is UnsentChange}
 */
function isChange(item) {
  const { type } = item.command
  return !item.refusal && (type === "edit_message" || type === "delete_message")
}
