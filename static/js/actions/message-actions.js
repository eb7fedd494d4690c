// What can be done with a message of the log, whichever way: by the menu, by keys, or by the buttons beside it.

import { excerpt, words } from "../log/excerpt.js"
import { outranks } from "../log/ranks.js"
import { copy } from "../shared/clipboard.js"
import { find } from "../shared/dom.js"
import { DeleteDialog } from "./delete-dialog.js"
import { markedTextOf } from "./marked-text.js"
import { actionsFor } from "./rights.js"
import { UnreadMark } from "./unread-mark.js"

/** @typedef {{ anchor?: HTMLElement, isShift?: boolean }} Options `anchor`: what was pressed. `isShift`: don't ask. */
/**
 * `pick` opens the emoji picker.
 * @typedef {import("../pages/group-later.js").Context & {
 *   editing: import("../editing/editing.js").Editing,
 *   pick: (opening: import("../pages/group-later.js").Opening) => void,
 * }} Context
 */

export class MessageActions {
  #context
  #said
  #unreadMark
  #deleting
  /** @type {{ [name: string]: (row: HTMLElement, options: Options) => unknown }} */
  #runs = {
    react: (row, { anchor = endOf(row) }) => this.#pick(row, anchor),
    reply: row => this.#reply(row),
    "copy-text": row => this.#copy(markedTextOf(find(row, ".entry-text"))),
    "copy-link": row => this.#copy(new URL(this.#placeOf(row), location.href).href),
    unread: row => this.#unreadMark.mark(seqOf(row)),
    edit: row => this.#context.editing.open(row),
    history: row => location.assign(`${this.#addressOf(row)}history/`),
    delete: (row, { isShift = false }) => this.#delete(row, isShift),
  }

  /**
   * @param {Context} context
   * @param {(text: string) => void} said Says what was done.
   */
  constructor(context, said) {
    this.#context = context
    this.#said = said
    this.#deleting = new DeleteDialog(context.list)
    this.#unreadMark = new UnreadMark(context)
  }

  /** @param {HTMLElement} row */
  available(row) {
    const { page, user } = this.#context
    const { name = "" } = row.dataset
    const isFrozen = isShown(page, "#archived") || isShown(page, "#conversation-ended")
    return actionsFor({
      isMessage: row.matches(".message"),
      isDeleted: row.querySelector(".entry-deleted") !== null,
      isEdited: row.querySelector(".entry-edited") !== null,
      isOwn: name === user,
      isFrozen,
      mayWrite: !isFrozen && !find(page, "#composer").matches(".read-only"),
      mayDelete: outranks(page.dataset, name),
    })
  }

  /**
   * Does it, if it can still be done.
   * @param {string} name One of `available`.
   * @param {HTMLElement} row
   * @param {Options} [options]
   */
  run(name, row, options = {}) {
    if (!row.isConnected || !this.available(row).includes(name)) return
    this.#context.explain("")
    return this.#runs[name](row, options)
  }

  /**
   * Sets the user's own reaction, or takes it back.
   * @param {HTMLElement} row
   * @param {string} emoji
   * @param {boolean} on
   */
  react(row, emoji, on) {
    const { view, reacting } = this.#context
    if (row.isConnected && this.available(row).includes("react")) view.change(() => reacting.set(row, emoji, on))
  }

  /**
   * @param {HTMLElement} row
   * @param {HTMLElement} anchor
   */
  #pick(row, anchor) {
    // Then the message's page has emoji to choose from. Popovers: Firefox before 125, Safari before 17.
    if (!("showPopover" in anchor)) return location.assign(`${this.#addressOf(row)}actions/`)
    const chosen = (/** @type {string} */ each) => this.react(row, each, true)
    // The focus may be elsewhere by now.
    const closed = () => document.activeElement === document.body && row.focus({ preventScroll: true })
    this.#context.pick({ anchor, chosen, closed })
  }

  /** @param {HTMLElement} row */
  #reply(row) {
    const text = excerpt(words(find(row, ".entry-text")))
    this.#context.reply.to({ seq: seqOf(row), author: String(row.dataset.name), text })
  }

  /** @param {string} text */
  async #copy(text) {
    if (await copy(text)) this.#said("Copied")
    else this.#context.explain("Your browser didn't allow copying. Select the text and copy it yourself.")
  }

  /** @param {HTMLElement} row Of the message's own pages. */
  #addressOf(row) {
    return `${this.#context.address}messages/${seqOf(row)}/`
  }

  /** @param {HTMLElement} row */
  #placeOf(row) {
    return `${this.#context.address}?at=${seqOf(row)}#seq-${seqOf(row)}`
  }

  /**
   * @param {HTMLElement} row
   * @param {boolean} isSure
   */
  async #delete(row, isSure) {
    if (!isSure && !(await this.#deleting.ask(row))) return
    // It may have been deleted meanwhile, may have moved to another row, or may not be shown any more.
    const shown = document.getElementById(row.id)
    if (!shown || this.available(shown).includes("delete")) {
      this.#context.outbox.add({ type: "delete_message", target: seqOf(row) })
    }
    shown?.focus({ preventScroll: true })
  }
}

/** @param {HTMLElement} row */
export function seqOf(row) {
  return Number(row.dataset.seq)
}

/**
 * @param {HTMLElement} page
 * @param {string} selector Of something that not every page has.
 */
function isShown(page, selector) {
  const element = page.querySelector(selector)
  return element instanceof HTMLElement && !element.hidden
}

/**
 * What the picker is beside: the row itself is as wide as the log.
 * @param {HTMLElement} row
 */
function endOf(row) {
  /** @type {HTMLElement | null} */
  const actions = row.querySelector(".entry-actions")
  return actions ?? row
}
